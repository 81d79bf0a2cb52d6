import type { PGlite } from '@electric-sql/pglite'
import type { LentDatabase } from './environment.js'

/**
 * An embedded database from Jest's environment, as far as `openEmbedded` uses one. Closing it gives it back. Its answers
 * and errors are made anew in this realm, where `instanceof` and strict equality know them.
 */
export async function borrowPglite(): Promise<PGlite> {
  const { lendDatabase } = globalThis as unknown as { lendDatabase: () => Promise<LentDatabase> }
  const lent = await lendDatabase()
  const borrowed = {
    closed: false,
    query: async (sql: string, parameters: readonly unknown[] = []) => {
      try {
        const { rows, ...rest } = await lent.query(sql, parameters)
        return { ...rest, rows: ownValue(rows) }
      } catch (error) {
        throw Object.assign(new Error((error as Error).message), error)
      }
    },
    close: async () => {
      borrowed.closed = true
      await lent.giveBack()
    },
  }
  return borrowed as unknown as PGlite
}

function ownValue(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value
  if (Array.isArray(value)) return Array.from(value, ownValue)
  if (Object.prototype.toString.call(value) === '[object Date]') return new Date(Number(value))
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, ownValue(each)]))
}
