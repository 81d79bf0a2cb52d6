import { addAccount, changeRole } from '../../src/people/change-store.js'
import { importFiles } from '../../src/transfer/import.js'
import { type Client, startClient } from '../support/client.js'
import { freshDatabase, type TestDatabase } from '../support/database.js'
import { child, parse } from '../support/xml.js'
import { account, type Folder, jsonLines, temporaryFolder } from '../transfer/files.js'

/** The date of feeds of people is that of the directory, so that it also covers people no longer in a feed. */

const feeds = ['reportingChain.do?userid=bo', 'peopleManaged.do?userid=ann', 'search.do?search=*']
const emptyFeeds = ['profile.do?userid=nobody', 'search.do?search=nobody', 'search.do?userid=nobody&page=7']
const long = new Date('2026-03-04T05:06:07.008Z')

let database: TestDatabase
let client: Client
let folder: Folder
const bring = async (...lines: object[]) =>
  importFiles(database.db, [await folder.write('people.jsonl', jsonLines(...lines))])

beforeAll(async () => {
  folder = await temporaryFolder()
  database = await freshDatabase()
  // An hour ahead, since Last-Modified is absent within the second of a change.
  client = await startClient(database.db, {}, () => new Date(Date.now() + 3_600_000))
  await bring(account('ann', { login: 'ann.desk' }), account('bo', { profile: { managerLogin: 'ann.desk' } }))
})
afterAll(async () => {
  await client.close()
  await database.close()
  await folder.remove()
})
beforeEach(() => database.db.updateTable('directory').set({ changed: long }).execute())

const get = (feed: string, headers: Record<string, string> = {}) => client.send(`/profiles/atom/${feed}`, { headers })
const updatedOf = async (feed: string) => child(parse((await get(feed)).text), 'updated').text
const lastChange = async () =>
  (await database.db.selectFrom('directory').select('changed').executeTakeFirstOrThrow()).changed

describe.each(feeds)('%s', (feed) => {
  test('has the last change of the directory as Last-Modified', async () => {
    expect((await get(feed)).headers['last-modified']).toBe('Wed, 04 Mar 2026 05:06:08 GMT')
  })

  test('is never 304 by a date alone, since a person may have left the feed', async () => {
    for (const date of ['Wed, 04 Mar 2026 05:06:08 GMT', 'Fri, 01 Jan 2027 00:00:00 GMT']) {
      const { status, text } = await get(feed, { 'if-modified-since': date })
      expect([status, text.length > 0]).toEqual([200, true])
    }
  })

  test('keeps its ETag when others change', async () => {
    const { headers } = await get(feed)
    await database.db
      .updateTable('directory')
      .set({ changed: new Date('2026-05-05T00:00:00Z') })
      .execute()
    const again = await get(feed, { 'if-none-match': String(headers['etag']) })
    expect(again.status).toBe(304)
  })
})

test.each(emptyFeeds)('the empty feed %s has the date of the directory', async (feed) => {
  expect([await updatedOf(feed), await updatedOf(feed)]).toEqual([long.toISOString(), long.toISOString()])
  const { headers } = await get(feed)
  expect(headers['last-modified']).toBe('Wed, 04 Mar 2026 05:06:08 GMT')
  expect((await get(feed, { 'if-none-match': String(headers['etag']) })).status).toBe(304)
})

test('the ETag of an empty feed changes with its date', async () => {
  const tags = () => Promise.all(emptyFeeds.map(async (feed) => (await get(feed)).headers['etag']))
  const before = await tags()
  await database.db
    .updateTable('directory')
    .set({ changed: new Date('2026-05-05T00:00:00Z') })
    .execute()
  for (const [n, tag] of (await tags()).entries()) expect(tag).not.toBe(before[n])
})

describe('the date of the directory', () => {
  const one = { key: '368771b6-89d1-438b-9d38-21bcec5a64af', userId: 'half', email: '' }
  const changes: [string, () => Promise<unknown>][] = [
    [
      'is added by the command line',
      () =>
        database.db
          .transaction()
          .execute((db) => addAccount(db, { userId: 'cy', login: null, email: 'cy@example.com', name: 'Cy' })),
    ],
    [
      'is added by an import',
      () => bring(account('half', { ...one }), account('other', { email: 'other@example.com' })),
    ],
    ['changes its name', () => bring(account('bo', { name: 'Bo Lee', profile: { managerLogin: 'ann.desk' } }, 2))],
    ['is disabled', () => bring(account('bo', { name: 'Bo Lee', state: 'inactive' }, 3))],
  ]
  test.each(changes)('moves when an account %s', async (_what, change) => {
    await change()
    expect((await lastChange()).getTime()).toBeGreaterThan(long.getTime())
  })

  test('moves when an import merges two accounts', async () => {
    const bare = '<feed xmlns="http://www.w3.org/2005/Atom"><title type="text">Connections of ZED</title>'
    const self = (query: string) =>
      `<updated>2026-01-01T00:00:00Z</updated><link href="https://example.com/c.do?${query}" rel="self"></link></feed>`
    const key = '22222222-bbbb-4bbb-8bbb-000000000002'
    const files = [
      await folder.write('key.xml', bare + self(`key=${key}`)),
      await folder.write('email.xml', bare + self('email=zed%40example.com')),
    ]
    await importFiles(database.db, files)
    const count = async () => (await database.db.selectFrom('account').select('id').execute()).length
    const before = await count()
    await database.db.updateTable('directory').set({ changed: long }).execute()
    await importFiles(database.db, [
      await folder.write('both.xml', bare + self(`key=${key}&amp;email=zed%40example.com`)),
    ])
    expect(await count()).toBe(before - 1)
    expect((await lastChange()).getTime()).toBeGreaterThan(long.getTime())
  })

  test('never goes back, even if the clock does', async () => {
    const future = new Date('2126-01-01T00:00:00.000Z')
    await database.db.updateTable('directory').set({ changed: future }).execute()
    await bring(account('dora'))
    expect(await lastChange()).toEqual(new Date('2126-01-01T00:00:00.001Z'))
  })

  test('stays if nothing visible changes: a repeated import, or a role', async () => {
    await bring(account('eve'))
    await database.db.updateTable('directory').set({ changed: long }).execute()
    await bring(account('eve'))
    const { id } = await database.db
      .selectFrom('account')
      .select('id')
      .where('user_id', '=', 'eve')
      .executeTakeFirstOrThrow()
    await changeRole(database.db, id, 'admin', 'add')
    expect(await lastChange()).toEqual(long)
  })
})
