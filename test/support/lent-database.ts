import type { PGlite } from '@electric-sql/pglite'
import type { Embedded } from '../../src/db/embedded.js'
import { openTemplate } from './embedded-template.js'

/**
 * Lends an embedded database to a test file. A worker runs one file after the other and reuses the database: starting
 * one takes 1.5 s of processor time, emptying it 0.05 s.
 *
 * @returns the database; `close` returns it to the pool
 */
export async function lend(): Promise<Embedded> {
  const loan = idle.pop() ?? (await newLoan())
  const lent = {
    closed: false,
    execProtocol: (messages: Uint8Array) => loan.pglite.execProtocol(messages, { throwOnError: false }),
    close: async () => {
      lent.closed = true
      await takeBack(loan)
    },
  }
  return lent
}

interface Loan {
  readonly pglite: PGlite
  /** Its tables, indexes and functions, as one text. */
  readonly schema: string
  /** Rows that the migrations made, as JSON, by table. */
  readonly rows: ReadonlyMap<string, string | null>
}

const idle: Loan[] = []

/** Closes idle databases, since they would keep a process without workers alive. */
export async function closeIdle(): Promise<void> {
  await Promise.all(idle.splice(0).map(({ pglite }) => discard(pglite)))
}

async function newLoan(): Promise<Loan> {
  const pglite = await openTemplate()
  const { rows: tables } = await pglite.query<{ name: string }>(
    "select tablename as name from pg_tables where schemaname = 'public' and tablename not like 'kysely%'",
  )
  const rows = new Map<string, string | null>()
  for (const { name } of tables) {
    const found = await pglite.query<{ rows: string | null }>(`select json_agg(t)::text as rows from "${name}" as t`)
    rows.set(name, found.rows[0]?.rows ?? null)
  }
  return { pglite, schema: await schemaOf(pglite), rows }
}

/** Empties a database for the next file, or discards it if that fails. */
async function takeBack(loan: Loan): Promise<void> {
  const { pglite, schema, rows } = loan
  try {
    await pglite.exec('rollback')
    // Sent alone: statements sent together are a transaction, and this one is refused there.
    await pglite.exec('discard all')
    if ((await schemaOf(pglite)) !== schema || memoryOf(pglite) > maxMemoryBytes) return await discard(pglite)
    await pglite.exec(`truncate ${[...rows.keys()].map((name) => `"${name}"`).join()} restart identity`)
    for (const [name, json] of rows) {
      if (json !== null) {
        await pglite.query(`insert into "${name}" select * from json_populate_recordset(null::"${name}", $1)`, [json])
      }
    }
    idle.push(loan)
  } catch {
    await discard(pglite)
  }
}

/** WebAssembly memory never shrinks. */
const maxMemoryBytes = 600_000_000
const memoryOf = (pglite: PGlite): number =>
  (pglite as unknown as { mod?: { HEAPU8?: Uint8Array } }).mod?.HEAPU8?.byteLength ?? 0

async function discard(pglite: PGlite): Promise<void> {
  if (!pglite.closed) await pglite.close()
  // Frees its memory even if something still refers to the object.
  Reflect.deleteProperty(pglite, 'mod')
}

async function schemaOf(pglite: PGlite): Promise<string> {
  const { rows } = await pglite.query<{ schema: string }>(`
    select string_agg(line, chr(10) order by line) as schema from (
      select table_schema || '.' || table_name || '.' || column_name || ' ' || data_type || coalesce(column_default, '')
        from information_schema.columns where table_schema not in ('pg_catalog', 'information_schema')
      union all select indexdef from pg_indexes where schemaname not in ('pg_catalog', 'information_schema')
      union all select conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid) from pg_constraint
      union all select oid::regprocedure::text from pg_proc where oid >= 16384
      union all select tgname from pg_trigger where not tgisinternal
    ) as lines (line)`)
  return rows[0]?.schema ?? ''
}
