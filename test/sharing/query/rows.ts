import { type Kysely, sql } from 'kysely'
import type { Tables } from '../../../src/db/tables.js'
import { Refusal } from '../../../src/faults.js'
import { conditionOf, type Viewer } from '../../../src/sharing/query/statements.js'
import { parseWhere } from '../../../src/sharing/query/where.js'

/** An id that is easy to recognise. */
export const id = (n: number) => `00000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`

export const [ann, bo, chen] = [id(0xa1), id(0xb0), id(0xc4)]

export const singular = (name: string) => ({ documents: 'document', sites: 'site' })[name]

/** A connection of a test, in the words of queries. */
export interface Row {
  readonly n: number
  readonly state: 0 | 1
  readonly access: number
  readonly usesRemaining: number | null
  readonly created: Date
  readonly updated: Date
  readonly expiresAt: Date | null
  readonly context: string
  readonly object: string
  readonly creator: string
  readonly target: string | null
  readonly email: string | null
  readonly roles: readonly string[]
}

export const day = (n: number) => new Date(Date.UTC(2026, 0, n))

const blank: Row = {
  n: 0,
  state: 1,
  access: 2,
  usesRemaining: null,
  created: day(1),
  updated: day(1),
  expiresAt: null,
  context: id(0xd0),
  object: 'document',
  creator: ann,
  target: null,
  email: null,
  roles: [],
}

/** Connections that differ from each other. */
export const rows: readonly Row[] = [
  { ...blank, n: 1, target: bo },
  { ...blank, n: 2, target: bo, context: id(0xd1), state: 0, access: 4, expiresAt: day(20), roles: ['editor'] },
  { ...blank, n: 3, email: 'bo@example.com', state: 0, access: 4, expiresAt: day(10), updated: day(3) },
  { ...blank, n: 4, email: 'b_%@example.com', state: 0, context: id(0xd1), roles: ['editor', 'reader'] },
  { ...blank, n: 5, usesRemaining: 3, object: 'site', context: id(0xd2), created: day(2), expiresAt: day(20) },
  { ...blank, n: 6, creator: bo, target: chen, email: 'chen@example.com', access: 7, created: day(2), updated: day(4) },
  { ...blank, n: 7, creator: chen, email: 'dora@example.com', state: 0, access: 0, roles: ['reader'] },
  { ...blank, n: 8, creator: chen, target: ann, object: 'site', context: id(0xd2), access: 1, usesRemaining: 0 },
]

export async function addRows(db: Kysely<Tables>): Promise<void> {
  const values = rows.map((row) => ({
    id: id(row.n),
    context_object: row.object,
    context_id: row.context,
    creator_id: row.creator,
    target_id: row.target,
    target_email: row.email,
    state: row.state === 1 ? ('active' as const) : ('pending' as const),
    access: row.access,
    roles: [...row.roles],
    token_hash: null,
    expires_at: row.expiresAt,
    uses_remaining: row.usesRemaining,
    created_at: row.created,
    updated_at: row.updated,
    applied_at: null,
  }))
  await db.insertInto('connection').values(values).execute()
}

export const everybody: Viewer = { accountId: null, email: null, skipAcl: true }

/** The numbers of the rows that a query finds. */
export async function found(db: Kysely<Tables>, where: unknown, viewer = everybody): Promise<number[]> {
  const condition = conditionOf(parseWhere(where, singular), viewer)
  const { rows } = await sql<{ id: string }>`select c.id from connection c where ${condition} order by c.id`.execute(db)
  return rows.map((row) => parseInt(row.id.slice(-12), 16))
}

/** The name and path of the fault that a function raises. */
export function failure(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    if (error instanceof Refusal) return `${error.code} ${error.details.path ?? ''}`
    throw error
  }
  return 'accepted'
}
