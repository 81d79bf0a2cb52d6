import { baseUrl, type Client, startClient } from '../support/client.js'
import { freshDatabase, type TestDatabase } from '../support/database.js'
import { addPerson } from '../support/world.js'
import { all, child, links, parse } from '../support/xml.js'

let database: TestDatabase
let client: Client

/** The hierarchy: user id, login, the manager's login. */
const people: [userId: string, login: string | undefined, manager: string | undefined][] = [
  ['top', 'top.l', undefined],
  ['middle', 'middle.l', 'top.l'],
  ['low', undefined, 'middle.l'],
  ['own', 'own.l', 'own.l'],
  ['under-own', undefined, 'own.l'],
  ['ring1', 'ring1.l', 'ring2.l'],
  ['ring2', 'ring2.l', 'ring3.l'],
  ['ring3', 'ring3.l', 'ring1.l'],
  ['into-ring', undefined, 'ring1.l'],
  ['lost', 'lost.l', 'nobody.l'],
  ['shouting', undefined, 'TOP.L'],
  ['wordy', undefined, `${'x'.repeat(256)}y`],
  ['long', 'x'.repeat(256), `${'m'.repeat(60_000)}`],
]

beforeAll(async () => {
  database = await freshDatabase()
  client = await startClient(database.db)
  for (const [userId, login, managerLogin] of people) {
    await addPerson(database.db, userId, { ...(login && { login }), profile: managerLogin ? { managerLogin } : {} })
  }
  for (const [n, name] of ['Zoë', 'anna', 'Ann', 'Ωmega', 'zoe'].entries()) {
    const updated = new Date(Date.UTC(2026, 3, 1 + n))
    await addPerson(database.db, `t${n}`, { name, updated, profile: { managerLogin: 'lost.l' } })
  }
  await addPerson(database.db, 'rank0', { login: 'rank0.l' })
  for (let n = 1; n < 70; n++) {
    await addPerson(database.db, `rank${n}`, { login: `rank${n}.l`, profile: { managerLogin: `rank${n - 1}.l` } })
  }
})
afterAll(async () => {
  await client.close()
  await database.close()
})

async function feedOf(resource: string, query: string) {
  const { status, text } = await client.send(`/profiles/atom/${resource}?${query}`)
  expect(status).toBe(200)
  return parse(text)
}
const userIds = async (resource: string, query: string) =>
  all(await feedOf(resource, query), 'entry').map((entry) => child(child(entry, 'contributor'), 'userid').text)

test.each([
  ['top', []],
  ['middle', ['top']],
  ['low', ['middle', 'top']],
  ['own', []],
  ['under-own', ['own']],
  ['ring1', ['ring2', 'ring3']],
  ['ring3', ['ring1', 'ring2']],
  ['into-ring', ['ring1', 'ring2', 'ring3']],
  ['lost', []],
  ['shouting', []],
  ['wordy', []],
])('the chain of %s continues with %j', async (userId, managers) => {
  expect(await userIds('reportingChain.do', `userid=${userId}`)).toEqual([userId, ...managers])
})

test('a chain ends after 65 people, and is then not marked complete', async () => {
  const chain = await userIds('reportingChain.do', 'userid=rank69')
  expect(chain).toEqual(Array.from({ length: 65 }, (_, n) => `rank${69 - n}`))
  expect(all(await feedOf('reportingChain.do', 'userid=rank69'), 'complete')).toHaveLength(0)
  expect(all(await feedOf('reportingChain.do', 'userid=rank63'), 'complete')).toHaveLength(1)
})

test('the chain of a person without a manager is one entry', async () => {
  const feed = await feedOf('reportingChain.do', 'userid=top')
  expect(['totalResults', 'startIndex', 'itemsPerPage'].map((name) => child(feed, name).text)).toEqual(['1', '1', '1'])
  expect(child(feed, 'title').text).toBe('reporting chain for top')
  expect(all(feed, 'complete')).toHaveLength(1)
})

test.each([
  ['userid=lost', true],
  ['userid=lost&ps=5', true],
  ['userid=top&page=1&ps=250', true],
  ['userid=low', true],
  ['userid=lost&ps=4', false],
  ['userid=lost&ps=4&page=2', false],
  ['userid=lost&page=9', false],
])('the feed of %s is marked complete if it shows all managed people: %s', async (query, isComplete) => {
  expect(all(await feedOf('peopleManaged.do', query), 'complete')).toHaveLength(isComplete ? 1 : 0)
})

test('a chain is not paged, and has the number of its people', async () => {
  const feed = await feedOf('reportingChain.do', 'userid=low&ps=1&page=2')
  expect(all(feed, 'entry')).toHaveLength(3)
  expect(['totalResults', 'startIndex', 'itemsPerPage'].map((name) => child(feed, name).text)).toEqual(['3', '1', '3'])
  expect(child(feed, 'title').text).toBe('reporting chain for low')
  expect(links(feed)).toEqual({ self: `${baseUrl}/profiles/atom/reportingChain.do?userid=low&ps=1&page=2` })
})

test.each([
  ['top', ['middle']],
  ['middle', ['low']],
  ['low', []],
  ['own', ['under-own']],
  ['ring1', ['into-ring', 'ring3']],
  ['long', []],
])('%s manages %j', async (userId, expected) => {
  expect(await userIds('peopleManaged.do', `userid=${userId}`)).toEqual(expected)
})

test('managed people are ordered by folded name and id, paged, and dated by the newest shown', async () => {
  expect(await userIds('peopleManaged.do', 'userid=lost')).toEqual(['t2', 't1', 't0', 't4', 't3'])
  const second = await feedOf('peopleManaged.do', 'page=2&userid=lost&ps=2')
  expect(all(second, 'entry').map((entry) => child(entry, 'title').text)).toEqual(['Zoë', 'zoe'])
  expect(child(second, 'updated').text).toBe('2026-04-05T00:00:00.000Z')
  const to = (number: number) => `${baseUrl}/profiles/atom/peopleManaged.do?userid=lost&page=${number}&ps=2`
  expect(links(second)).toEqual({
    first: to(1),
    previous: to(1),
    next: to(3),
    last: to(3),
    self: `${baseUrl}/profiles/atom/peopleManaged.do?page=2&userid=lost&ps=2`,
  })
  const names = second.children.map(({ name }) => name)
  expect(names.slice(names.indexOf('itemsPerPage'), names.indexOf('entry'))).toEqual([
    'itemsPerPage',
    'link',
    'link',
    'link',
    'link',
    'link',
  ])
  const past = await feedOf('peopleManaged.do', 'userid=lost&ps=2&page=9')
  expect(all(past, 'entry')).toEqual([])
  expect(child(past, 'totalResults').text).toBe('5')
})

test('a change of manager changes the ETags of both feeds', async () => {
  const tags = () =>
    Promise.all(
      ['peopleManaged.do?userid=top', 'peopleManaged.do?userid=lost', 'reportingChain.do?userid=t1'].map(
        async (path) => (await client.send(`/profiles/atom/${path}`)).headers['etag'],
      ),
    )
  const before = await tags()
  const profile = JSON.stringify({ managerLogin: 'top.l' })
  await database.db.updateTable('account').set({ profile }).where('user_id', '=', 't1').execute()
  const after = await tags()
  for (const [n, tag] of after.entries()) expect(tag).not.toBe(before[n])
  expect(await userIds('peopleManaged.do', 'userid=top')).toEqual(['t1', 'middle'])
})
