import { gunzipSync } from 'node:zlib'
import { type Client, type Sending, startClient } from '../support/client.js'
import { freshDatabase, type TestDatabase } from '../support/database.js'
import { connectionEntry } from '../support/entries.js'
import { addPerson, connect, signInSecret } from '../support/world.js'
import { child, links, parse } from '../support/xml.js'

/**
 * One connection, by id or by its two people (docs/wire.md, Check two people; One connection by id; The message;
 * Visibility), and conditional writes.
 */

let database: TestDatabase
let client: Client
let strict: Client
const id: Record<string, string> = {}
let accepted: string
let undecided: string

beforeAll(async () => {
  database = await freshDatabase()
  const { db } = database
  client = await startClient(db)
  strict = await startClient(db, { REQUIRE_SIGN_IN: 'true' })
  for (const name of ['ann', 'bo', 'cy', 'di']) id[name] = await addPerson(db, name, { password: signInSecret })
  await addPerson(db, '2f8e6f9c-12a4-1033-9c5f-000000000001', { email: 'uuid@example.com' })
  accepted = await connect(db, of('ann'), of('bo'), 'accepted', { message: 'Hello <b>Bo</b>' })
  undecided = await connect(db, of('ann'), of('cy'), 'invited', { message: 'to Cy' })
})
afterAll(async () => {
  await client.close()
  await strict.close()
  await database.close()
})

const of = (name: string) => id[name] as string
const as = (name: string) => `${name}:colleagues`
const get = (query: string, name?: string, more: Sending = {}) =>
  client.send(`/profiles/atom/connection.do?${query}`, { ...more, ...(name !== undefined && { as: as(name) }) })
const who = (text: string) => {
  const entry = parse(text)
  const [source, target] = child(entry, 'connection').children.map((person) => child(person, 'userid').text)
  return { source, target, status: entry.children[5]?.attributes['term'], message: child(entry, 'content').text }
}

describe('the connection of two people', () => {
  test.each([
    ['sourceUserid=ann&targetUserid=bo', undefined, { source: 'ann', target: 'bo', status: 'accepted' }],
    ['sourceUserid=bo&targetUserid=ann', undefined, { source: 'bo', target: 'ann', status: 'accepted' }],
    ['sourceEmail=ANN%40example.com%20&targetUserid=bo', 'di', { source: 'ann', target: 'bo', status: 'accepted' }],
    ['sourceKey=ann&targetKey=bo', undefined, { source: 'ann', target: 'bo', status: 'accepted' }],
    ['sourceUserid=ann&targetUserid=cy', 'ann', { source: 'ann', target: 'cy', status: 'unconfirmed' }],
    ['sourceUserid=ann&targetUserid=cy', 'cy', { source: 'ann', target: 'cy', status: 'unconfirmed' }],
    ['sourceUserid=cy&targetUserid=ann', 'cy', { source: 'cy', target: 'ann', status: 'pending' }],
  ])('is found by %s, for %s', async (query, name, expected) => {
    const { status, headers, text } = await get(`connectionType=colleague&${query}`, name)
    expect(status).toBe(200)
    expect(who(text)).toEqual({ ...expected, message: '' })
    expect(headers).toMatchObject({
      'content-type': 'application/atom+xml;charset=UTF-8',
      'x-profiles-connection-type': 'colleague',
      'x-profiles-connection-status': expected.status,
      'last-modified': 'Sun, 01 Feb 2026 00:00:00 GMT',
      'cache-control': 'private, no-cache',
    })
  })

  test('is found by key, and by a user id in the form of a key', async () => {
    expect((await get(`sourceKey=${of('ann').toUpperCase()}&targetKey=${of('bo')}`)).status).toBe(200)
    const unconnected = await get(`sourceKey=${of('ann')}&targetKey=2f8e6f9c-12a4-1033-9c5f-000000000001`)
    expect(unconnected.status).toBe(404)
  })

  test.each<[string, string | undefined, number]>([
    ['sourceUserid=ann&targetUserid=cy', undefined, 404],
    ['sourceUserid=ann&targetUserid=cy', 'bo', 404],
    ['sourceUserid=ann&targetUserid=di', undefined, 404],
    ['sourceUserid=ann&targetUserid=ann', 'ann', 404],
    ['sourceUserid=ann&targetUserid=zed', 'ann', 400],
    ['sourceUserid=ann', 'ann', 400],
    ['targetEmail=ann%40example.com', 'ann', 400],
    ['sourceUserid=&targetUserid=ann', 'ann', 400],
    ['', 'ann', 400],
    ['connectionType=friend&sourceUserid=ann&targetUserid=bo', 'ann', 400],
    ['sourceUserid=ann&sourceUserid=bo&targetUserid=bo', 'ann', 400],
    ['sourceUserid=%00&targetUserid=bo', 'ann', 400],
  ])('is an error document for %s by %s: %d', async (query, name, expected) => {
    const { status, headers, text } = await get(query, name)
    expect(status).toBe(expected)
    expect(headers).not.toHaveProperty('x-profiles-connection-status')
    expect(headers['content-type']).toBe('text/xml;charset=UTF-8')
    expect(child(parse(text), 'code').text).toBe(String(expected))
  })

  test.each(['connection.do?', 'connections.do?'])('HEAD %s answers its status without a body', async (resource) => {
    const ask = (query: string) =>
      client.send(`/profiles/atom/${resource}connectionType=colleague&${query}`, { method: 'HEAD' })
    const yes = await ask('targetUserid=bo&sourceUserid=ann')
    expect([yes.status, yes.body.length, yes.headers['x-profiles-connection-status']]).toEqual([200, 0, 'accepted'])
    const no = await ask('targetUserid=di&sourceUserid=ann')
    expect([no.status, no.headers['x-profiles-connection-status']]).toEqual([404, undefined])
  })

  test('GET of connections.do stays a feed', async () => {
    const { text } = await client.send(
      '/profiles/atom/connections.do?connectionType=colleague&userid=ann&sourceUserid=ann&targetUserid=bo',
    )
    expect(parse(text).name).toBe('feed')
  })

  test('is 401 for anonymous requests if a sign-in is required', async () => {
    for (const target of ['bo', 'di', 'zed']) {
      const { status } = await strict.send(`/atom/connection.do?sourceUserid=ann&targetUserid=${target}`)
      expect(status).toBe(401)
    }
    expect((await strict.send('/atom/connection.do?sourceUserid=ann&targetUserid=bo', { as: as('di') })).status).toBe(
      200,
    )
  })
})

describe('a connection by its id', () => {
  test.each([
    ['the owner', 'ann', 'Hello <b>Bo</b>'],
    ['the other person', 'bo', ''],
    ['a third person', 'di', ''],
    ['an anonymous caller', undefined, ''],
  ])('is shown to %s, with the message for its owner only', async (_name, name, message) => {
    const { status, text } = await get(`connectionId=${accepted}&inclMessage=true`, name)
    expect(status).toBe(200)
    expect(who(text)).toEqual({ source: 'ann', target: 'bo', status: 'accepted', message })
    expect(links(parse(text))['self']).toBe(
      `https://connections.example/profiles/atom/connection.do?connectionId=${accepted}`,
    )
  })

  test.each<[string, string | undefined, number]>([
    [':undecided', 'ann', 200],
    [':undecided', 'cy', 200],
    [':undecided', 'bo', 404],
    [':undecided', undefined, 404],
    ['01900000-0000-7000-8000-000000000001', 'ann', 404],
    ['%00', 'ann', 400],
    ['1', 'ann', 400],
  ])('is answered for %s by %s with %d', async (named, name, expected) => {
    expect((await get(`connectionId=${named.replace(':undecided', undecided)}`, name)).status).toBe(expected)
  })

  test('takes precedence over two people', async () => {
    expect(who((await get(`connectionId=${accepted}&sourceUserid=ann&targetUserid=cy`, 'ann')).text).target).toBe('bo')
  })
})

describe('the ETag of a connection', () => {
  const tag = async (query: string, name?: string, headers: Record<string, string> = {}) =>
    String((await get(query, name, { headers })).headers.etag)

  test('differs between viewers, but not between id and people', async () => {
    const own = await tag(`connectionId=${accepted}`, 'ann')
    expect(own).toMatch(/^"[\w-]{22}"$/)
    expect(await tag('sourceUserid=ann&targetUserid=bo', 'ann')).toBe(own)
    expect(await tag(`connectionId=${accepted}&inclMessage=true`, 'ann')).toBe(own)
    const others = [await tag(`connectionId=${accepted}`, 'bo'), await tag(`connectionId=${accepted}`)]
    expect(new Set([own, ...others]).size).toBe(3)
    const zipped = await get(`connectionId=${accepted}`, 'ann', { headers: { 'accept-encoding': 'gzip' } })
    expect(zipped.headers.etag).toBe(own.replace(/"$/, '-gzip"'))
    expect(gunzipSync(zipped.body).toString()).toBe((await get(`connectionId=${accepted}`, 'ann')).text)
  })

  test('gives 304 to its viewer only', async () => {
    const own = await tag(`connectionId=${accepted}`, 'ann')
    const answer = await get(`connectionId=${accepted}`, 'ann', { headers: { 'if-none-match': own } })
    expect([answer.status, answer.body.length]).toEqual([304, 0])
    expect((await get(`connectionId=${accepted}`, 'bo', { headers: { 'if-none-match': own } })).status).toBe(200)
  })

  test.each<[string, (tag: string) => Record<string, string>, number]>([
    ['the tag', (tag) => ({ 'if-match': tag }), 200],
    ['the tag among others', (tag) => ({ 'if-match': `"x", ${tag}` }), 200],
    ['the tag of the compressed entry', (tag) => ({ 'if-match': tag.replace(/"$/, '-gzip"') }), 200],
    ['*', () => ({ 'if-match': '*' }), 200],
    ['a stale tag', () => ({ 'if-match': '"stale"' }), 412],
    ['a weak tag', (tag) => ({ 'if-match': `W/${tag}` }), 412],
    ['a tag without quotes', () => ({ 'if-match': 'x' }), 412],
    ['If-None-Match with the tag', (tag) => ({ 'if-none-match': `W/${tag}` }), 412],
    ['If-None-Match with *', () => ({ 'if-none-match': '*' }), 412],
    ['If-None-Match with another tag', () => ({ 'if-none-match': '"x"' }), 200],
  ])('guards PUT and DELETE: %s', async (_name, headersWith, expected) => {
    const { db } = database
    const row = await connect(db, of('bo'), of('di'), 'invited', { message: 'old' })
    const address = `connection.do?connectionId=${row}`
    const stateOf = async () => (await get(`connectionId=${row}&inclMessage=true`, 'bo')).text
    const before = await stateOf()
    const write = async (method: string, body?: string) =>
      client.send(`/profiles/atom/${address}`, {
        method,
        as: as('di'),
        headers: headersWith(await tag(`connectionId=${row}`, 'di')),
        ...(body !== undefined && { body }),
      })
    const put = await write('PUT', connectionEntry('accepted', 'new'))
    expect(put.status).toBe(expected)
    if (expected === 412) expect(await stateOf()).toBe(before)
    else expect(who(await stateOf())).toMatchObject({ status: 'accepted', message: 'new' })
    expect((await write('DELETE')).status).toBe(expected)
    expect((await get(`connectionId=${row}`, 'bo')).status).toBe(expected === 412 ? 200 : 404)
    if (expected === 412) await client.send(`/profiles/atom/${address}`, { method: 'DELETE', as: as('di') })
  })

  test('allows one of twenty concurrent writes', async () => {
    const row = await connect(database.db, of('cy'), of('di'), 'accepted')
    const seen = await tag(`connectionId=${row}`, 'cy')
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, at) =>
        client.send(`/profiles/atom/connection.do?connectionId=${row}`, {
          method: 'PUT',
          as: as('cy'),
          headers: { 'if-match': seen },
          body: connectionEntry('accepted', `writer ${at}`),
        }),
      ),
    )
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array<number>(19).fill(412)])
  })
})
