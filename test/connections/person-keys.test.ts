import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type CompiledQuery,
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type Transaction,
} from 'kysely'
import { findNetwork, pageQuery } from '../../src/connections/list-store.js'
import { findColleague, findRelationships } from '../../src/connections/read-store.js'
import { findAmong, findRelations, findTotals } from '../../src/connections/summary-store.js'
import { claimEmail, countEmails, invitationsQuery } from '../../src/connections/transaction-store.js'
import { deleteRelationships, updateRelationship } from '../../src/connections/write-store.js'
import type { Tables } from '../../src/db/tables.js'
import { findKnownAccounts } from '../../src/people/known-store.js'
import * as grants from '../../src/sharing/grant-store.js'
import type { Grant } from '../../src/sharing/grant.js'
import { parseGroup } from '../../src/sharing/query/group.js'
import { groupGrants, listQuery, type Managed, type Selection } from '../../src/sharing/query/list-statements.js'
import { parseSort } from '../../src/sharing/query/properties.js'
import { conditionOf, orderOf } from '../../src/sharing/query/statements.js'
import { parseWhere } from '../../src/sharing/query/where.js'
import { newestFirst } from '../support/people.js'

/**
 * The condition of every statement on a person's rows names the person or the row. The statements are read as sent to
 * the database (docs/trust.md, Z8).
 */

type Db = Transaction<Tables>

const statements: CompiledQuery[] = []
const db = new Kysely<Tables>({
  dialect: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (of) => new PostgresIntrospector(of),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  },
  log: ({ query }) => void statements.push(query),
}) as unknown as Db

const [me, other, id] = ['me', 'other', 'id']
const hash = new Uint8Array([1])
const grant: Grant = {
  ...{ id, object: 'account', contextId: other, creatorId: other, targetId: me, state: 'pending' },
  ...{
    targetEmail: null,
    targetFirst: null,
    targetLast: null,
    access: 2,
    roles: [],
    reverseAccess: 2,
    reverseRoles: [],
  },
  ...{ skippedAccess: null, skippedRoles: [], tokenKey: null, appKey: null, expiresAt: null, usesRemaining: null },
  ...{ created: new Date(), updated: new Date() },
}
const selection = (show: Selection['show']): Selection => ({
  viewer: { accountId: me, email: 'mine' },
  show,
  state: null,
  objects: ['account'],
  // Conditions of a query are added to those that limit it to its caller; they never replace them.
  where: conditionOf(
    parseWhere(
      { $or: [{ access: 2 }, { $not: { creator: '0190cafe-0000-7000-8000-000000000001' } }] },
      () => undefined,
    ),
    { accountId: me, email: 'mine', skipAcl: false },
  ),
  beyond: null,
})
const part = { order: orderOf(parseSort(undefined)), skip: 0, limit: 10 }
const group = parseGroup({ _id: 'state', out: { n: { $count: 1 } } }) as NonNullable<ReturnType<typeof parseGroup>>
const shows = [null, 'creator', 'target'] as const

/** The keys of each statement: every branch compares a column with one of these values. */
const keyed: Record<string, { readonly run: () => Promise<unknown>; readonly keys: Record<string, unknown> }> = {
  findTotals: { run: () => findTotals(db, me), keys: { owner_id: me } },
  findRelations: { run: () => findRelations(db, me, [other]), keys: { owner_id: me } },
  findAmong: { run: () => findAmong(db, me, 10), keys: { owner_id: me } },
  findColleague: {
    run: () => Promise.all([findColleague(db, { id }), findColleague(db, { ownerId: me, peerId: other })]),
    keys: { id, owner_id: me },
  },
  findRelationships: {
    run: () => Promise.all([findRelationships(db, { id }), findRelationships(db, { ownerId: me })]),
    keys: { id, owner_id: me },
  },
  findNetwork: {
    run: () => findNetwork(db, { by: 'userId', value: me }, { status: 'accepted', countPending: true }),
    keys: { user_id: me },
  },
  readPage: {
    run: () => db.executeQuery(pageQuery([{ list: { ownerId: me }, request: newestFirst }])),
    keys: { owner_id: me, id: me },
  },
  updateRelationship: {
    run: () =>
      updateRelationship(
        db,
        { connectionId: id, isAccepted: true },
        { changedBy: me, message: '', moment: new Date() },
      ),
    keys: { id, connection_id: id },
  },
  deleteRelationships: { run: () => deleteRelationships(db, [id]), keys: { id, connection_id: id } },
  invitationsQuery: { run: () => invitationsQuery(me).execute(db), keys: { actor_id: me } },
  findGrant: { run: () => grants.findGrant(db, id), keys: { id } },
  findByToken: { run: () => grants.findByToken(db, hash), keys: { token_hash: hash } },
  findActive: { run: () => grants.findActive(db, 'document', [other], me), keys: { target_id: me } },
  findBetween: {
    run: () => grants.findBetween(db, { object: 'account', contextId: other }, { id: me, email: null }),
    keys: { context_key: other, target_id: other },
  },
  updateGrant: { run: () => grants.updateGrant(db, grant, new Date()), keys: { id } },
  takeUse: { run: () => grants.takeUse(db, id), keys: { id } },
  storeToken: { run: () => grants.storeToken(db, id, hash, 'key'), keys: { id } },
  deleteOfContext: {
    run: () => grants.deleteOfContext(db, { object: 'document', contextId: other }, 10),
    keys: { context_key: other },
  },
  findKnownAccounts: { run: () => findKnownAccounts(db, [me]), keys: { id: me } },
  listQuery: {
    run: () => Promise.all(shows.map((show) => listQuery(selection(show), part).execute(db))),
    keys: { creator_id: me, target_id: me, target_email: 'mine', context_key: me },
  },
  groupGrants: {
    run: () => Promise.all(shows.map((show) => groupGrants(db, selection(show), group, [], part))),
    keys: { creator_id: me, target_id: me, target_email: 'mine', context_key: me },
  },
  countEmails: { run: () => countEmails(db, me), keys: { creator_id: me } },
  claimEmail: { run: () => claimEmail(db, id, new Date()), keys: { id } },
}

/** Functions without rows of a person, functions that write one given row, parts of statements, and maintenance. */
const others = [
  ...['findFaults', 'insertEvents', 'enqueueEmail', 'insertRelationship', 'lockNetworks', 'bumpNetworks', 'write'],
  // The first reads by owner_id and lists the person's own lists; the second locks them.
  ...['findListsShowing', 'lockListsShowing'],
  ...['amongQuery', 'networkStatement', 'pageStatement', 'pageQuery', 'readPersons'],
  ...['findRoles', 'hasApp', 'insertApp', 'findBaseUrls', 'findOrgs'],
  ...[
    'insertGrant',
    'rowOf',
    'grantingColumns',
    'lockContext',
    'deleteExpired',
    'sweepEvents',
    'reissueTokens',
    'countInvitations',
  ],
  ...['listGrants', 'findContexts', 'groupQuery', 'toGroup', 'orderOf', 'conditionOf'],
]

test('every function of the stores is here (Z8)', async () => {
  const names: string[] = []
  const stores = [join('people', 'known-store.js')]
  for (const folder of ['connections', 'sharing', join('sharing', 'query')]) {
    const files = await readdir(join('dist/src', folder))
    stores.push(...files.filter((each) => /(store|statements)\.js$/.test(each)).map((each) => join(folder, each)))
  }
  for (const store of stores) {
    const all = (await import(`../../src/${store}`)) as Record<string, unknown>
    names.push(...Object.keys(all).filter((name) => typeof all[name] === 'function'))
  }
  expect(names.sort()).toEqual([...Object.keys(keyed), ...others].sort())
})

test('a read of managed connections is limited to a named context, or one shared with the person (Z8)', async () => {
  const of = (contexts: Managed['contexts']) => listQuery(selection({ contexts }), part).execute(db)
  const read = /\bfrom connection\b[^]*?\bwhere\s+([^]*?) and (?:c\.state|state|\()/g
  const managed = 'c.context_object = managed.object and c.context_key = managed.key'
  const wheres = async (work: Promise<unknown>) => {
    await work
    const { sql: text = '', parameters = [] } = statements.at(-1) ?? {}
    return [...text.matchAll(read)].map(([, where = '']) =>
      where.replaceAll(/\$(\d+)/g, (_, number) => JSON.stringify(parameters[Number(number) - 1])),
    )
  }
  const back = `context_object = 'account' and context_key = "me"`
  expect(await wheres(of('shared'))).toEqual(['target_id = "me"', back, managed])
  expect(await wheres(of([{ object: 'document', contextId: 'x' }]))).toEqual([managed])
  expect(statements.at(-1)?.parameters).toEqual(expect.arrayContaining([['document'], ['x']]))
})

describe.each(Object.entries(keyed))('%s', (_name, { run, keys }) => {
  test('names the person or the row in its condition (Z8)', async () => {
    statements.length = 0
    await run()
    expect(statements.length).toBeGreaterThan(0)
    for (const statement of statements) {
      for (const branch of branchesOf(statement.sql)) {
        expect({ branch, isKeyed: isKeyed(branch, statement.parameters, keys) }).toEqual({ branch, isKeyed: true })
      }
    }
  })
})

/** The parts of a statement with a condition of their own. */
const branchesOf = (text: string) => text.split(/\bunion all\b/)

/** Whether the first condition of a statement is limited to one of the keys. */
function isKeyed(branch: string, parameters: readonly unknown[], keys: Record<string, unknown>): boolean {
  const needsKey = (condition: string): boolean => {
    const [either, ...ors] = split(condition, 'or')
    if (ors.length > 0) return [either as string, ...ors].every(needsKey)
    const [first, ...ands] = split(condition, 'and')
    if (ands.length > 0) return [first as string, ...ands].some(needsKey)
    const inner = /^\(([^]*)\)$/.exec(condition.trim())?.[1]
    if (inner !== undefined) return needsKey(inner)
    const [, column = '', number] = /^(?:"?\w+"?\.)?"?(\w+)"? = (?:any\()?\$(\d+)/.exec(condition.trim()) ?? []
    const value = [parameters[Number(number) - 1]].flat()
    return Object.hasOwn(keys, column) && value.includes(keys[column])
  }
  // The owners of lists are the first parameter of the statement, as rows.
  const text = branch.replaceAll(/"?given"?\."?owner"?/g, '$1')
  const [, condition = text.split(/\bjoin\b.*?\bon\b/)[1] ?? ''] = text.split(/\bwhere\b/)
  return needsKey(condition)
}

/** Splits a condition at a word outside of parentheses. */
function split(condition: string, word: string): string[] {
  const parts = ['']
  let depth = 0
  for (const token of condition.split(/([()]|\b(?:and|or|order by|group by|limit|returning|for update)\b)/)) {
    if (token === '(') depth++
    if (token === ')') depth--
    if (depth < 0 || (depth === 0 && /^(order|group|limit|returning|for)/.test(token))) break
    if (depth === 0 && token === word) parts.push('')
    else parts[parts.length - 1] += token
  }
  return parts
}

test.each([
  "c.state = 'active'",
  'c.id <> $1',
  'c.id = $1 or true',
  "c.state = 'active' and (c.id = $1 or c.access > 1)",
  'c.creator_id = $1',
  'c.id = $2',
])('a statement with a weaker condition is detected: %s', (condition) => {
  const rest = 'order by c.id limit 10'
  expect(isKeyed(`select c.* from connection as c where ${condition} ${rest}`, [id, other], { id })).toBe(false)
  const kept = `select c.* from connection as c where (${condition}) and "c"."id" = $1 ${rest}`
  expect(isKeyed(kept, [id, other], { id })).toBe(true)
})
