import { appPasswordOf } from '../support/app-passwords.js'
import { type Client, startClient } from '../support/client.js'
import { freshDatabase, type TestDatabase } from '../support/database.js'
import { dial } from '../support/dial.js'
import { openModule } from '../support/module.js'
import { addPerson, signInSecret } from '../support/world.js'

let database: TestDatabase
let client: Client
let clock = Date.parse('2026-11-25T12:00:15Z')
beforeAll(async () => {
  database = await freshDatabase()
  for (const name of ['ann', 'bo']) await addPerson(database.db, name, { password: signInSecret })
  const { world } = await openModule(database)
  client = await startClient(database.db, { REQUESTS_PER_MINUTE: '5' }, () => new Date(clock), 'test', world)
})
afterAll(async () => {
  await client.close()
  await database.close()
})

const path = '/profiles/atom/connections.do?connectionType=colleague'
const ann = { as: 'ann:colleagues' }

test('an account has one quota per minute for all APIs and credentials', async () => {
  const { headers } = await client.send(path, ann)
  const { bearer } = await appPasswordOf(database.db, 'ann')
  expect((await client.send(path, bearer)).status).toBe(200)
  expect((await client.send('/v2/connections', bearer)).status).toBe(200)
  expect((await client.send('/v2/connections/0190cafe-0000-7000-8000-000000000001', ann)).status).toBe(404)
  const poll = { ...ann, headers: { 'If-None-Match': headers.etag as string } }
  for (let time = 0; time < 20; time++) expect((await client.send(path, poll)).status).toBe(304)
  expect((await client.send(path, ann)).status).toBe(200)

  const refused = await client.send(path, ann)
  expect([refused.status, refused.headers['retry-after']]).toEqual([429, '45'])
  expect(refused.headers['content-type']).toBe('text/xml;charset=UTF-8')
  expect(refused.text).toContain('An account may send 5 requests a minute; wait 45 seconds.')
  const program = await client.send('/v2/connections', bearer)
  expect([program.status, program.headers['retry-after']]).toEqual([429, '45'])
  expect(JSON.parse(program.text)).toMatchObject({
    code: 'kThrottled',
    errCode: 'cortex.throttled.unspecified',
    status: 429,
  })
  expect((await client.send(path, { as: 'bo:colleagues' })).status).toBe(200)
  expect((await client.send(`${path}&userid=ann`)).status).toBe(200)

  clock += 45_000
  expect((await client.send(path, ann)).status).toBe(200)
})

describe('anonymous requests', () => {
  const settings = { ANONYMOUS_PER_MINUTE: '3', REQUESTS_PER_MINUTE: '2', TRUST_PROXY: '127.0.0.1' }
  let visited: Client
  beforeAll(async () => {
    const { world } = await openModule(database)
    visited = await startClient(database.db, settings, () => new Date(clock), 'test', world)
  })
  afterAll(() => visited.close())
  beforeEach(() => void (clock += 60_000))
  const from = (address: string, more = {}) => ({ headers: { 'x-forwarded-for': address, ...more } })
  const feed = `${path}&userid=ann`

  test.each([
    feed,
    '/profiles/atom/search.do?name=ann',
    '/profiles/atom/profileType.do',
    '/profiles/photo.do?userid=ann',
    '/profiles/vcard/profile.do?userid=ann',
    '/profiles/html/profileView.do?userid=ann',
    '/profiles/html/signIn.do',
    '/nowhere',
    '/v2/connections/0190cafe-0000-7000-8000-000000000001',
  ])('of one address have a quota per minute: %s', async (asked) => {
    const statuses = new Set<number>()
    for (let time = 0; time < 3; time++) statuses.add((await visited.send(asked, from('10.0.0.1'))).status)
    expect(statuses.has(429)).toBe(false)
    const refused = await visited.send(asked, from('10.0.0.1'))
    const wait = Math.ceil((60_000 - (clock % 60_000)) / 1000)
    expect([refused.status, refused.headers['retry-after']]).toEqual([429, String(wait)])
    const sentence = `One address may send 3 requests a minute without signing in. Sign in, or wait ${wait} seconds.`
    if (asked.startsWith('/v2')) expect(JSON.parse(refused.text)).toMatchObject({ status: 429, reason: sentence })
    else expect(refused.text).toContain(sentence)
    for (const other of ['10.0.0.2', '2001:db8::1']) {
      expect((await visited.send(asked, from(other))).status).not.toBe(429)
    }
    clock += 60_000
    expect((await visited.send(asked, from('10.0.0.1'))).status).not.toBe(429)
  })

  test('of an IPv6 address count by its /64', async () => {
    for (const last of ['1', '2', 'ffff:1']) {
      expect((await visited.send(feed, from(`2001:db8:0:7::${last}`))).status).toBe(200)
    }
    expect((await visited.send(feed, from('2001:db8:0:7:a::'))).status).toBe(429)
    expect((await visited.send(feed, from('2001:db8:0:8::1'))).status).toBe(200)
  })

  test('are free for a 304, for assets of pages and for health checks', async () => {
    const address = '10.0.1.1'
    const { headers } = await visited.send(feed, from(address))
    const poll = from(address, { 'if-none-match': headers.etag as string })
    for (let time = 0; time < 10; time++) expect((await visited.send(feed, poll)).status).toBe(304)
    const free = ['/live', '/ready', '/profiles/html/style.css', '/profiles/html/script.js', '/profiles/html/icon.svg']
    for (const each of [...free, ...free]) expect((await visited.send(each, from(address))).status).toBe(200)
    for (let time = 0; time < 2; time++) expect((await visited.send(feed, from(address))).status).toBe(200)
    expect((await visited.send(feed, poll)).status).toBe(429)
    for (const each of free) expect((await visited.send(each, from(address))).status).toBe(200)
    expect((await visited.send(feed, { ...from(address), method: 'OPTIONS' })).status).toBe(204)
  })

  test('include those with wrong credentials and expired sessions', async () => {
    const address = '10.0.2.1'
    const tries = [
      { authorization: 'Bearer junk' },
      { cookie: '__Host-connections=s%3Aover.x' },
      { authorization: '?' },
    ]
    const statuses = []
    for (const more of [...tries, ...tries]) {
      const proto = { 'x-forwarded-proto': 'https' }
      statuses.push((await visited.send(feed, from(address, { ...proto, ...more }))).status)
    }
    expect(statuses).toEqual([401, 200, 401, 429, 429, 429])
  })

  test('do not affect the quota of an account at the same address', async () => {
    const address = '10.0.3.1'
    for (let time = 0; time < 4; time++) await visited.send(feed, from(address))
    const signedIn = { ...from(address, { 'x-forwarded-proto': 'https' }), as: 'bo:colleagues' }
    expect((await visited.send(path, signedIn)).status).toBe(200)
    expect((await visited.send(path, signedIn)).status).toBe(200)
    expect((await visited.send(path, signedIn)).text).toContain('An account may send 2 requests a minute; wait')
  })

  test('are refused without waiting for the body', async () => {
    const address = '10.0.4.1'
    for (let time = 0; time < 3; time++) await visited.send(feed, from(address))
    const fields = `Host: x\r\nX-Forwarded-For: ${address}\r\nContent-Length: 60000\r\n`
    const line = dial(visited.port, `POST /profiles/html/signIn.do HTTP/1.1\r\n${fields}\r\n`)
    expect(await line.ended).toMatch(/^HTTP\/1\.1 429 [^]*\r\nConnection: close\r\n/)
    line.socket.destroy()
  })
})

test.each([
  '/profiles/html/profileView.do?userid=bo',
  '/profiles/html/picture.do',
  '/profiles/html/appPasswords.do',
  '/profiles/atom/search.do?search=bo',
  path,
])('a page counts as one request: %s', async (page) => {
  clock += 60_000
  const asked = { ...ann, headers: { accept: 'text/html' } }
  for (let time = 0; time < 5; time++) expect((await client.send(page, asked)).status).toBe(200)
  expect((await client.send(page, asked)).status).toBe(429)
})
