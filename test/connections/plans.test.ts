import { sql } from 'kysely'
import { v7 as newId } from 'uuid'
import type { ListRequest } from '../../src/connections/model.js'
import { pageQuery } from '../../src/connections/list-store.js'
import { amongQuery } from '../../src/connections/summary-store.js'
import { freshDatabase, type TestDatabase } from '../support/database.js'
import { newestFirst } from '../support/people.js'
import { planOf } from '../support/plan.js'
import { addPerson } from '../support/world.js'

let database: TestDatabase
let owner: string

/** Two thousand people with ten colleagues each, and one with all of them: 22,000 rows. */
beforeAll(async () => {
  // Only the rows that pages read.
  database = await freshDatabase([
    'the peer has no colleague row of the same connection',
    'a colleague row has no connection with the same state and people',
    'the stored total of a list differs from the number of its rows',
    'a colleague row has an outdated sort name of its peer',
  ])
  const { db } = database
  owner = await addPerson(db, 'owner')
  await sql`
    insert into account (id, key, user_id, name, state, profile, seen, created_at, updated_at, sort, words)
    select id, id, 'u' || n, 'Name ' || n, 'active', '{}', '{}', now(), now(), 'name ' || n, array_to_tsvector(array['name', n::text])
    from (select n, gen_random_uuid() as id from generate_series(1, 2000) n) person`.execute(db)
  await sql`
    with person as (select id, row_number() over (order by user_id) as n from account where id <> ${owner})
    insert into colleague
      (id, owner_id, peer_id, connection_id, status, inviter_id, changed_by, message, peer_sort, updated_at)
    select gen_random_uuid(), a.id, b.id, gen_random_uuid(), 'accepted', a.id, a.id, '', 'name ' || b.n,
      now() - b.n * interval '1 minute'
    from person a join person b on b.n between a.n % 1990 + 1 and a.n % 1990 + 10 and a.id <> b.id
    union all
    select gen_random_uuid(), ${owner}, b.id, gen_random_uuid(), 'accepted', b.id, b.id, '', 'name ' || b.n,
      now() - b.n * interval '1 minute'
    from person b`.execute(db)
  await sql`analyze account`.execute(db)
  await sql`analyze colleague`.execute(db)
})
afterAll(() => database.close())

const byName = { ...newestFirst, order: { by: 'name' as const, descending: false } }

const change = new Date()
test.each<[string, ListRequest, string]>([
  ['newest first', newestFirst, 'colleague_by_change'],
  ['oldest first', { ...newestFirst, order: { by: 'change', descending: false } }, 'colleague_by_change'],
  ['by name', byName, 'colleague_by_name'],
  ['by name, backwards', { ...byName, order: { by: 'name', descending: true } }, 'colleague_by_name'],
  ['further on, by number', { ...byName, page: 20 }, 'colleague_by_name'],
  [
    'after a position',
    { ...newestFirst, position: { direction: 'after', change, id: newId() } },
    'colleague_by_change',
  ],
  ['before a name', { ...byName, position: { direction: 'before', name: 'name 2', id: newId() } }, 'colleague_by_name'],
  ['the largest page', { ...byName, pageSize: 250 }, 'colleague_by_name'],
  ['since a date', { ...newestFirst, since: new Date(change.getTime() - 3_600_000) }, 'colleague_by_change'],
])('a page %s is one scan of one index', async (_name, request, index) => {
  const nodes = await planOf(database.db, pageQuery([{ list: { ownerId: owner }, request }]))
  const reads = nodes.filter((node) => node['Index Name']?.startsWith('colleague_'))
  const counted = request.since === undefined ? 0 : 1
  expect(reads.map((node) => node['Index Name'])).toEqual(Array<string>(1 + counted).fill(index))
  const others = nodes.filter((node) => node['Node Type'] === 'Seq Scan').map((node) => node['Relation Name'])
  expect(others).not.toContain('colleague')
})

test('a page of common colleagues costs one more look-up for each colleague', async () => {
  const { id } = await database.db
    .selectFrom('account')
    .select('id')
    .where('user_id', '=', 'u7')
    .executeTakeFirstOrThrow()
  const other = { ownerId: id, version: 1, changed: change }
  const request: ListRequest = { ...newestFirst, inCommonWith: { by: 'key', value: id } }
  const nodes = await planOf(database.db, pageQuery([{ list: { ownerId: owner, other }, request }]))
  const scans = nodes.filter((node) => node['Node Type'] === 'Seq Scan').map((node) => node['Relation Name'])
  expect(scans).not.toContain('colleague')
  expect(nodes.some((node) => node['Relation Name'] === 'colleague')).toBe(true)
})

test("connections among a person's colleagues cost one scan by name, and one scan for each colleague", async () => {
  const nodes = await planOf(database.db, amongQuery(owner, 300))
  const indexes = nodes.flatMap((node) => node['Index Name'] ?? [])
  expect(indexes).toHaveLength(2)
  expect(indexes[0]).toBe('colleague_by_name')
  // Each starts with the owner; the better index depends on the length of lists.
  expect(indexes[1]).toMatch(/^colleague_(owner_id_peer_id_key|by_name|by_change)$/)
  expect(nodes.map((node) => node['Node Type'])).not.toContain('Seq Scan')
})
