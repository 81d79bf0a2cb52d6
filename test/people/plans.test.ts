import { sql } from 'kysely'
import { chainQuery, managedQuery } from '../../src/people/managers-store.js'
import { type Search, searchQuery } from '../../src/people/search-store.js'
import type { Sought } from '../../src/people/search-words.js'
import { freshDatabase, type TestDatabase } from '../support/database.js'
import { planOf } from '../support/plan.js'

let database: TestDatabase

/** 20,000 people in teams of a hundred, each with one manager. */
beforeAll(async () => {
  database = await freshDatabase()
  await sql`
    insert into account (id, key, user_id, login, email, name, state, profile, seen, created_at, updated_at, sort, words,
      search_words, search_of)
    select id, id, 'u' || n, 'login ' || n, 'u' || n || '@example.com', first || ' ' || last, 'active',
      jsonb_build_object('managerLogin', 'login ' || n / 100 * 100), '{}', now(), now(), first || ' ' || last,
      '', array_to_tsvector(array['n<' || first, 'n<' || last, 'n>' || substr(last, 2), 'c<city' || n % 50]), now()
    from (select n, gen_random_uuid() as id, 'given' || n % 200 as first, 'family' || n as last
      from generate_series(1, 20000) n) person`.execute(database.db)
  await sql`analyze account`.execute(database.db)
})
afterAll(() => database.close())

const first = { page: 1, pageSize: 10 }
const indexes = (nodes: Awaited<ReturnType<typeof planOf>>) => nodes.flatMap((node) => node['Index Name'] ?? [])
const scans = (nodes: Awaited<ReturnType<typeof planOf>>) =>
  nodes.filter((node) => node['Node Type'] === 'Seq Scan').map((node) => node['Relation Name'])

const nobody: Search = { words: [], named: [], isActive: true }
const name = (word: string, match: Sought['match'] = 'beginning'): Sought => ({ kind: 'name', word, match })

test.each<[string, Search, string]>([
  ['a whole word', { ...nobody, words: [name('family77')] }, 'account_search'],
  ['the beginning of many words', { ...nobody, words: [name('given12')] }, 'account_search'],
  ['beginnings of two words', { ...nobody, words: [name('given7'), name('family777')] }, 'account_search'],
  ['a part of a word', { ...nobody, words: [name('amily777', 'within')] }, 'account_search'],
  ['a city', { ...nobody, words: [{ kind: 'city', word: 'city7', match: 'beginning' }] }, 'account_search'],
  ['being a manager', { ...nobody, isManager: true }, 'account_search'],
  ['an address', { ...nobody, named: [{ by: 'email', value: 'u7@example.com' }] }, 'account_email'],
  ['a user id', { ...nobody, named: [{ by: 'userId', value: 'u7' }] }, 'account_user_id_key'],
])('a search by %s reads its index once, and then only the people of the page', async (_what, search, index) => {
  const nodes = await planOf(database.db, searchQuery(search, first))
  expect(indexes(nodes).sort()).toEqual([index, 'account_pkey'].sort())
  expect(scans(nodes)).toEqual([])
})

test.each([1, 100])('page %d of the whole directory is read in order', async (page) => {
  const nodes = await planOf(database.db, searchQuery(nobody, { ...first, page }))
  const limit = nodes.find((node) => node['Node Type'] === 'Limit')
  expect(limit?.Plans).toEqual([expect.objectContaining({ 'Index Name': 'account_sort' })])
})

test("a page of a manager's reports is one ordered scan of their index", async () => {
  const nodes = await planOf(database.db, managedQuery({ by: 'userId', value: 'u700' }, first))
  expect(indexes(nodes).sort()).toEqual(['account_manager', 'account_manager', 'account_user_id_key'])
  expect(scans(nodes)).toEqual([])
})

test('each manager of a chain costs one look-up', async () => {
  const nodes = await planOf(database.db, chainQuery({ by: 'userId', value: 'u777' }))
  expect(indexes(nodes).sort()).toEqual(['account_login_key', 'account_pkey', 'account_user_id_key'])
  expect(scans(nodes)).toEqual([])
})
