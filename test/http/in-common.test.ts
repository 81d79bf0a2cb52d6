import { type Client, type Sending, startClient } from '../support/client.js'
import { freshDatabase, type TestDatabase } from '../support/database.js'
import { addPerson, connect, disconnect, signInSecret } from '../support/world.js'
import { all, child, links, parse } from '../support/xml.js'

/** The common colleagues of two people (docs/wire.md, Other resources). */

let database: TestDatabase
let client: Client
let strict: Client
const id: Record<string, string> = {}
const shared = Array.from({ length: 5 }, (_, at) => `shared${at}`)

beforeAll(async () => {
  database = await freshDatabase()
  const { db } = database
  client = await startClient(db)
  strict = await startClient(db, { REQUIRE_SIGN_IN: 'true' })
  for (const name of ['ann', 'bo', 'cy', 'asked', 'single', ...shared]) {
    id[name] = await addPerson(db, name, { password: signInSecret })
  }
  const at = (minute: number) => ({ updated: new Date(Date.UTC(2026, 0, 1, 0, minute)), message: `no ${minute}` })
  await connect(db, of('ann'), of('bo'), 'accepted')
  for (const [index, name] of shared.entries()) {
    await connect(db, of('ann'), of(name), 'accepted', at(index))
    await connect(db, of(name), of('bo'), 'accepted', at(30 - index))
  }
  await connect(db, of('ann'), of('single'), 'accepted')
  await connect(db, of('ann'), of('asked'), 'accepted')
  await connect(db, of('bo'), of('asked'), 'invited')
})
afterAll(async () => {
  await client.close()
  await strict.close()
  await database.close()
})

const of = (name: string) => id[name] as string
const get = (query: string, more: Sending = {}) => client.send(`/profiles/atom/connectionsInCommon.do?${query}`, more)
const titles = (text: string) => all(parse(text), 'entry').map((entry) => child(entry, 'title').text)

test('the feed shows the first person’s entries, newest first, with their number', async () => {
  const { status, headers, text } = await get('userid=ann,bo')
  expect(status).toBe(200)
  expect(titles(text)).toEqual([...shared].reverse())
  const feed = parse(text)
  expect(child(feed, 'title').text).toBe('Connections in common of ann,bo')
  expect(child(feed, 'totalResults').text).toBe('5')
  expect(headers['x_profiles_connections_in_common_count']).toBe('5')
  expect(headers['content-type']).toBe('application/atom+xml;charset=UTF-8')
  const [entry] = all(feed, 'entry')
  expect(child(child(entry as never, 'connection').children[0] as never, 'userid').text).toBe('ann')
})

test('the feed has the order of the first person named', async () => {
  expect(titles((await get('userid=bo,ann')).text)).toEqual(shared)
})

test('the feed takes the parameters of a list', async () => {
  const first = await get('email=ann%40example.com%2C%20bo%40example.com%20&ps=2&sortBy=displayName&sortOrder=desc')
  expect(titles(first.text)).toEqual(['shared4', 'shared3'])
  expect(child(parse(first.text), 'title').text).toBe('Connections in common of ann@example.com, bo@example.com ')
  expect(first.headers['x_profiles_connections_in_common_count']).toBe('5')
  const next = String(links(parse(first.text))['next']).replace('https://connections.example', '')
  expect(titles((await client.send(next)).text)).toEqual(['shared2', 'shared1'])
  expect(titles((await get('userid=ann,bo&page=3&ps=2')).text)).toEqual(['shared0'])
  const since = await get('userid=ann,bo&since=2026-01-01T00%3A02%3A00Z')
  expect([titles(since.text), child(parse(since.text), 'totalResults').text]).toEqual([['shared4', 'shared3'], '2'])
  const cards = await get('userid=ann,bo&outputType=profile&ps=1')
  expect(child(all(parse(cards.text), 'entry')[0] as never, 'content').text).not.toContain('Cell:')
  const full = await get('userid=ann,bo&outputType=profile&format=full&ps=1')
  expect(child(all(parse(full.text), 'entry')[0] as never, 'content').text).toContain('Cell:')
})

test('the feed shows messages to the first person only', async () => {
  const message = async (as?: string) =>
    child(
      all(
        parse((await get('userid=ann,bo&inclMessage=true', as === undefined ? {} : { as })).text),
        'entry',
      )[0] as never,
      'content',
    ).text
  expect(await message('ann:colleagues')).toBe('no 4')
  expect(await message('bo:colleagues')).toBe('')
  expect(await message()).toBe('')
})

test.each([
  ['userid=ann', 400, /two people/],
  ['userid=ann,bo,cy', 400, /two people/],
  ['userid=ann,', 400, /two people/],
  ['', 400, /two people/],
  ['userid=ann,zed', 400, /There is no such person/],
  ['userid=zed,ann', 400, /There is no such person/],
  ['userid=ann,ann', 400, /two people/],
  ['uid=ann.l', 400, /two people/],
  ['distinguishedName=CN%3DAnn', 400, /two people/],
  ['distinguishedName=CN%3DAnn,OU%3DLab,O%3DX', 400, /two people/],
  ['distinguishedName=CN%3DAnn,O%3DX,CN%3DZed,O%3DX', 400, /There is no such person/],
  ['userid=ann,ANN@example.com', 400, /There is no such person/],
  ['userid=ann,bo&status=pending', 400, /status must be accepted/],
  ['userid=ann,bo&connectionType=friend', 400, /connectionType must be colleague/],
])('%s is refused', async (query, status, message) => {
  const answer = await get(query)
  expect(answer.status).toBe(status)
  expect(child(parse(answer.text), 'message').text).toMatch(message)
})

test.each([
  ['CN=Ann,OU=Lab,O=Example', 'CN=Bo,OU=Lab,O=Example'],
  ['CN=Ann,OU=Lab,OU=North,O=Example', 'CN=Bo,O=Example'],
  ['CN=Ann\\, the first,O=Example', 'cn=Bo,OU=Lab,O=Example'],
  ['CN=Ann,CN=Users,DC=example,DC=com', 'CN=Bo,CN=Users,DC=example,DC=com'],
  ['UID=ann,O=Example', 'CN=Bo,O=Example'],
  ['CN=Ann', 'CN=Bo'],
])('a login and a distinguished name name two people: %s, %s', async (one, other) => {
  for (const [userId, distinguishedName] of [
    ['ann', one],
    ['bo', other],
  ] as const) {
    const values = { login: `${userId}.login`, profile: JSON.stringify({ distinguishedName }) }
    await database.db.updateTable('account').set(values).where('user_id', '=', userId).execute()
  }
  const { text } = await get('userid=ann,bo')
  for (const query of [
    'uid=ann.login,bo.login',
    `distinguishedName=${encodeURIComponent(`${one},${other}`)}`,
    `distinguishedName=${encodeURIComponent(one)},%20${encodeURIComponent(other)}%20`,
  ]) {
    const answer = await get(query)
    expect([query, answer.status, titles(answer.text)]).toEqual([query, 200, titles(text)])
  }
})

test('two people without common colleagues have an empty feed', async () => {
  const { status, headers, text } = await get('userid=ann,cy')
  expect([status, titles(text), headers['x_profiles_connections_in_common_count']]).toEqual([200, [], '0'])
})

test('anonymous requests are 401 if a sign-in is required', async () => {
  expect((await strict.send('/atom/connectionsInCommon.do?userid=ann,bo')).status).toBe(401)
  expect((await strict.send('/atom/connectionsInCommon.do?userid=ann,zed')).status).toBe(401)
})

describe('the ETag of the feed', () => {
  const tag = async () => String((await get('userid=ann,bo')).headers.etag)

  test('changes with either list, and not otherwise', async () => {
    const before = await tag()
    expect((await get('userid=ann,bo', { headers: { 'if-none-match': before } })).status).toBe(304)
    const mine = await connect(database.db, of('ann'), of('cy'), 'accepted')
    const between = await tag()
    const other = await connect(database.db, of('cy'), of('bo'), 'accepted')
    const after = await tag()
    expect(new Set([before, between, after]).size).toBe(3)
    expect(titles((await get('userid=ann,bo')).text)).toContain('cy')
    await connect(database.db, of('cy'), of('single'), 'accepted')
    expect(await tag()).toBe(after)
    await disconnect(database.db, mine)
    await disconnect(database.db, other)
    expect(titles((await get('userid=ann,bo')).text)).not.toContain('cy')
  })
})
