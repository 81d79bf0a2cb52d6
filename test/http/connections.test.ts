import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import fc from 'fast-check'
import { sql } from 'kysely'
import { baseUrl, type Client, startClient } from '../support/client.js'
import { freshDatabase, type TestDatabase } from '../support/database.js'
import { addPerson, connect, disconnect, signInSecret, touch } from '../support/world.js'
import { all, child, type Element, links, parse } from '../support/xml.js'

const password = 'colleagues'
const ann = `ann:${password}`
const bo = `bo:${password}`

let database: TestDatabase
let client: Client
let strict: Client
const id: Record<string, string> = {}

beforeAll(async () => {
  // One test deletes an account that has colleagues.
  const orphaned = [
    'a colleague row has no account for its peer',
    'the peer has no colleague row of the same connection',
  ]
  database = await freshDatabase([...orphaned, 'a connection of two accounts does not have two colleague rows'])
  const { db } = database
  // The tests write rows without a new version of their list.
  client = await startClient(db, { KEEP_MB: '0' })
  strict = await startClient(db, { REQUIRE_SIGN_IN: 'true' })
  for (const name of ['ann', 'bo', 'cy', 'di', 'ed']) id[name] = await addPerson(db, name, { password: signInSecret })
  await connect(db, of('ann'), of('bo'), 'accepted', { message: 'Hello <b>Bo</b> & co' })
  await connect(db, of('cy'), of('ann'), 'invited', { message: 'from Cy' })
  await connect(db, of('ann'), of('di'), 'invited', { message: 'to Di' })
})
afterAll(async () => {
  await client.close()
  await strict.close()
  await database.close()
})

const of = (name: string) => id[name] as string
const path = (more: string, prefix = '/profiles/atom') => `${prefix}/connections.do?connectionType=colleague${more}`
const entries = (text: string) => all(parse(text), 'entry')
const titles = (text: string) => entries(text).map((entry) => child(entry, 'title').text)

describe('addresses and methods', () => {
  const prefixes = ['/profiles/atom', '/profiles/basic/atom', '/profiles/oauth/atom', '/profiles/form/atom', '/atom']

  test.each([...prefixes, '/profiles//atom', '/profiles/basic//atom', '//atom'])(
    '%s serves the same feed',
    async (prefix) => {
      const { status, text, headers } = await client.send(path('&userid=ann', prefix))
      expect(status).toBe(200)
      const plain = await client.send(path('&userid=ann'))
      expect(text).toBe(plain.text)
      expect(headers['etag']).toBe(plain.headers['etag'])
      expect(links(parse(text))['self']).toBe(`${baseUrl}${path('&userid=ann')}`)
    },
  )

  test('a request target in absolute form gets the same feed', async () => {
    const { status, text } = await client.send(`http://anything.example${path('&userid=ann')}`)
    expect([status, text]).toEqual([200, (await client.send(path('&userid=ann'))).text])
  })

  test('HEAD has the fields of GET without a body', async () => {
    const { headers: got, body } = await client.send(path('&userid=ann'))
    const head = await client.send(path('&userid=ann'), { method: 'HEAD' })
    expect(head.status).toBe(200)
    expect(head.body).toHaveLength(0)
    expect({ ...head.headers, date: '' }).toEqual({ ...got, date: '' })
    expect(head.headers['content-length']).toBe(String(body.length))
  })

  test.each(['PUT', 'DELETE', 'PATCH', 'TRACE'])('%s is 405 with the allowed methods', async (method) => {
    const { status, headers, text } = await client.send(path(''), { method })
    expect(status).toBe(405)
    expect(headers['allow']).toBe('GET, HEAD, POST, OPTIONS')
    expect(child(parse(text), 'code').text).toBe('405')
  })

  test('OPTIONS lists the methods', async () => {
    const { status, headers } = await client.send(path(''), { method: 'OPTIONS' })
    expect([status, headers['allow']]).toEqual([204, 'GET, HEAD, POST, OPTIONS'])
  })

  test.each([
    '/profiles',
    '/profiles/atom/',
    '/profiles/atom/Connections.do',
    '/profiles/saml/atom/connections.do',
    '/%zz',
  ])('%s is 404', async (address) => {
    const { status, headers, text } = await client.send(address)
    expect(status).toBe(404)
    expect(headers['content-type']).toBe('text/xml;charset=UTF-8')
    expect(text).toBe(
      '<?xml version="1.0" encoding="UTF-8"?><error xmlns="http://www.ibm.com/xmlns/prod/sn"><code>404</code>' +
        '<message>CLFRN1172E: The request is invalid. There is nothing at this address; the feed is at ' +
        '/profiles/atom/connections.do.</message><trace>OMITTED</trace></error>',
    )
  })

  test('an address of more than 4096 bytes is 414', async () => {
    expect((await client.send(path(`&x=${'a'.repeat(4096)}`))).status).toBe(414)
  })

  test.each(['application/xml', 'text/html, */*', 'application/json', '*/*', 'image/png'])(
    'Accept: %s gets Atom',
    async (accept) => {
      const { status, headers } = await client.send(path('&userid=ann'), { headers: { accept } })
      expect([status, headers['content-type']]).toEqual([200, 'application/atom+xml;charset=UTF-8'])
    },
  )
})

describe('access to lists', () => {
  test.each([
    [undefined, '&userid=ann', 200],
    [bo, '&userid=ann', 200],
    [undefined, '&userid=ann&status=pending', 401],
    [undefined, '&userid=nobody&status=pending', 401],
    [undefined, '', 401],
    [bo, '&userid=ann&status=pending', 403],
    [bo, '&userid=ann&status=unconfirmed', 403],
    [bo, '&userid=nobody&status=pending', 403],
    [ann, '&userid=ann&status=pending', 200],
    [ann, '&email=ANN%40example.com&status=unconfirmed', 200],
    [ann, '&status=pending', 200],
    [ann, '', 200],
    [undefined, '&userid=nobody', 400],
    [ann, '&userid=nobody', 400],
    [undefined, '&userid=%00', 400],
    [undefined, '&key=ann', 400],
    ['ann:wrong password', '&userid=ann', 401],
    ['nobody:colleagues', '&userid=ann', 401],
    ['ann:wrong password', '&userid=ann&status=x', 400],
  ])('%s asking for "%s" gets %d', async (as, query, status) => {
    expect((await client.send(path(query), as === undefined ? {} : { as })).status).toBe(status)
  })

  test.each([
    [undefined, '&userid=ann', 401],
    [undefined, '&userid=nobody', 401],
    [bo, '&userid=ann', 200],
    [bo, '&userid=nobody', 400],
  ])('with required sign-in, %s asking for "%s" gets %d', async (as, query, status) => {
    expect((await strict.send(path(query), as === undefined ? {} : { as })).status).toBe(status)
  })

  test('every refusal of credentials has the same body and a challenge', async () => {
    const refusals = await Promise.all(
      [
        { as: 'ann:wrong password' },
        { as: 'nobody:colleagues' },
        { as: 'ann' },
        { headers: { authorization: 'Bearer x' } },
        { headers: { authorization: 'Basic ???' } },
      ].map((how) => client.send(path('&userid=ann'), how)),
    )
    for (const { status, headers, text } of refusals) {
      expect(status).toBe(401)
      expect(headers['www-authenticate']).toBe('Basic realm="connections", charset="UTF-8"')
      expect(headers['cache-control']).toBe('no-store')
      expect(headers).not.toHaveProperty('etag')
      expect(text).toBe(refusals[0]?.text)
    }
    const unasked = await client.send(path('&status=pending'))
    expect(unasked.headers['www-authenticate']).toBe('Basic realm="connections", charset="UTF-8"')
  })

  test('two Authorization fields are 400', async () => {
    const authorization = `Basic ${Buffer.from(ann).toString('base64')}`
    const { status } = await client.send(path('&userid=ann'), {
      headers: { authorization: [authorization, authorization] },
    })
    expect(status).toBe(400)
  })

  test('a forbidden list has the same answer for known and unknown owners', async () => {
    const known = await client.send(path('&userid=ann&status=pending'), { as: bo })
    const unknown = await client.send(path('&userid=nobody&status=pending'), { as: bo })
    expect(known.text).toBe(unknown.text)
    expect(known.text).toContain('<code>403</code><message>CLFRN1174E: You are not authorized to perform that action.')
  })

  test('a matching ETag does not replace the sign-in', async () => {
    const { headers } = await client.send(path('&status=pending'), { as: ann })
    const stranger = await client.send(path('&userid=ann&status=pending'), { headers: { 'if-none-match': '*' } })
    expect(headers['etag']).toBeDefined()
    expect(stranger.status).toBe(401)
  })

  test('only the owner of a list gets messages, on request', async () => {
    const message = async (more: string, as?: string) => {
      const { text } = await client.send(path(more), as === undefined ? {} : { as })
      return child(entries(text)[0] as Element, 'content').text
    }
    expect(await message('&userid=ann&inclMessage=true', ann)).toBe('Hello <b>Bo</b> & co')
    expect(await message('&userid=bo&inclMessage=true', bo)).toBe('Hello <b>Bo</b> & co')
    expect(await message('&status=pending&inclMessage=true', ann)).toBe('from Cy')
    expect(await message('&userid=ann', ann)).toBe('')
    expect(await message('&userid=ann&inclMessage=false', ann)).toBe('')
    expect(await message('&userid=ann&inclMessage=true', bo)).toBe('')
    expect(await message('&userid=ann&inclMessage=true')).toBe('')
  })

  test('only the owner gets the number of pending invitations, on request', async () => {
    const count = async (more: string, as: string) =>
      all(parse((await client.send(path(more), { as })).text), 'pendingInvitations').map(({ text }) => text)
    expect(await count('&inclPendingCount=true', ann)).toEqual(['1'])
    expect(await count('&userid=ann&status=unconfirmed&inclPendingCount=true', ann)).toEqual(['1'])
    expect(await count('&inclPendingCount=true', bo)).toEqual(['0'])
    expect(await count('&inclPendingCount=false', ann)).toEqual([])
    expect(await count('&userid=ann&inclPendingCount=true', bo)).toEqual([])
  })
})

describe('contents of lists', () => {
  test.each([
    ['accepted', ann, ['bo']],
    ['pending', ann, ['cy']],
    ['unconfirmed', ann, ['di']],
    ['accepted', bo, ['ann']],
    ['pending', 'di:colleagues', ['ann']],
    ['unconfirmed', 'cy:colleagues', ['ann']],
    ['accepted', 'ed:colleagues', []],
  ])('the %s list of %s', async (status, as, expected) => {
    const { text } = await client.send(path(`&status=${status}`), { as })
    expect(titles(text)).toEqual(expected)
    const feed = parse(text)
    expect(child(feed, 'totalResults').text).toBe(String(expected.length))
    expect(child(feed, 'startIndex').text).toBe('1')
    expect(child(feed, 'id').text).toBe(`tag:profiles.ibm.com,2006:feed:${of(as.split(':')[0] as string)}:${status}`)
  })

  test('outputType=profile gives profiles as hCard or vCard', async () => {
    const content = async (more: string) =>
      child(entries((await client.send(path(`&userid=ann&outputType=profile${more}`))).text)[0] as Element, 'content')
    expect((await content('')).attributes['type']).toBe('xhtml')
    const full = (await content('&output=vcard')).text
    const lite = (await content('&output=vcard&format=lite')).text
    expect(full).toContain('\nX_EMPLOYEE_NUMBER:\n')
    expect(lite).not.toContain('X_EMPLOYEE_NUMBER')
    expect(lite).toMatch(/^\nBEGIN:VCARD\n[^]*\nFN:bo\n[^]*\nEND:VCARD\n$/)
  })
})

describe('conditional requests', () => {
  const validators = async (query: string, how: { as?: string; headers?: Record<string, string> } = {}) => {
    const { headers } = await client.send(path(query), how)
    return { etag: String(headers['etag']), date: String(headers['last-modified']) }
  }
  const statusWith = async (query: string, headers: Record<string, string>, as?: string) =>
    (await client.send(path(query), { headers, ...(as === undefined ? {} : { as }) })).status

  /** Moves the list's last change back by an hour, since Last-Modified is absent within its second. */
  async function touchBack(name: string) {
    await sql`update network set changed = changed - interval '1 hour' where owner_id = ${of(name)}`.execute(
      database.db,
    )
  }

  test('a feed and its 304 have the same fields for polling', async () => {
    await touchBack('ann')
    const full = await client.send(path('&userid=ann'))
    expect(full.headers).toMatchObject({
      'cache-control': 'private, no-cache',
      vary: 'Accept, Accept-Encoding, Authorization, Cookie',
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; sandbox",
      'content-type': 'application/atom+xml;charset=UTF-8',
    })
    expect(full.headers['etag']).toMatch(/^"[\w-]{22}"$/)
    const etag = String(full.headers['etag'])
    const fresh = await client.send(path('&userid=ann'), { headers: { 'if-none-match': `"x", W/${etag}` } })
    expect(fresh.status).toBe(304)
    expect(fresh.body).toHaveLength(0)
    for (const name of ['etag', 'last-modified', 'cache-control', 'vary']) {
      expect(fresh.headers[name]).toBe(full.headers[name])
      expect(fresh.headers[name]).toBeDefined()
    }
    expect(fresh.headers).not.toHaveProperty('content-type')
    const { headers } = full
    expect(new Date(String(headers['last-modified'])).getTime()).toBeLessThanOrEqual(
      new Date(String(headers['date'])).getTime(),
    )
    expect(await statusWith('&userid=ann', { 'if-modified-since': String(headers['last-modified']) })).toBe(304)
    expect(await statusWith('&userid=ann', { 'if-modified-since': 'Thu, 01 Jan 1998 00:00:00 GMT' })).toBe(200)
  })

  test('the date of a feed is the date of its last change', async () => {
    const updated = async () => child(parse((await client.send(path('&userid=bo'))).text), 'updated').text
    const { changed } = await database.db
      .selectFrom('network')
      .select('changed')
      .where('owner_id', '=', of('bo'))
      .where('status', '=', 'accepted')
      .executeTakeFirstOrThrow()
    expect(await updated()).toBe(changed.toISOString())
    expect(await updated()).toBe(changed.toISOString())
  })

  test('an added entry and a removed entry change ETag and date', async () => {
    const before = await validators('&userid=ed')
    const row = await connect(database.db, of('ed'), of('bo'), 'accepted')
    await touchBack('ed')
    const between = await validators('&userid=ed')
    await disconnect(database.db, row)
    const after = await client.send(path('&userid=ed'))
    expect(new Set([before.etag, between.etag, String(after.headers['etag'])]).size).toBe(3)
    expect(await statusWith('&userid=ed', { 'if-modified-since': between.date })).toBe(200)
    expect(titles(after.text)).toEqual([])
  })

  test('an invitation does not change the accepted list', async () => {
    await touchBack('ed')
    const before = await validators('&userid=ed')
    await connect(database.db, of('cy'), of('ed'), 'invited')
    expect(await validators('&userid=ed')).toEqual(before)
  })

  test('an invitation changes a list with the pending count', async () => {
    const how = { as: 'bo:colleagues' }
    const before = await validators('&inclPendingCount=true', how)
    await connect(database.db, of('di'), of('bo'), 'invited')
    expect((await validators('&inclPendingCount=true', how)).etag).not.toBe(before.etag)
  })

  test('different viewers and queries have different ETags', async () => {
    const tags = [
      await validators('&userid=ann'),
      await validators('&userid=ann', { as: bo }),
      await validators('&userid=ann', { as: ann }),
      await validators('&userid=ann&ps=5'),
      await validators('&userid=ann&outputType=profile'),
      await validators('&userid=bo'),
      await validators('', { as: ann }),
      await validators('', { as: bo }),
    ].map(({ etag }) => etag)
    expect(new Set(tags).size).toBe(tags.length)
  })

  test('another base URL or release gives another ETag', async () => {
    const others = [
      await startClient(database.db, { BASE_URL: 'https://elsewhere.example' }),
      await startClient(database.db, {}, () => new Date(), 'another release'),
    ]
    for (const other of others) {
      const { headers } = await other.send(path('&userid=ann'))
      await other.close()
      expect(headers['etag']).not.toBe((await validators('&userid=ann')).etag)
    }
  })

  test('a 304 does not read the entries', async () => {
    const { etag } = await validators('&userid=ann')
    await sql`alter table colleague rename to hidden`.execute(database.db)
    const status = await statusWith('&userid=ann', { 'if-none-match': etag })
    const unconditional = await statusWith('&userid=ann', {})
    await sql`alter table hidden rename to colleague`.execute(database.db)
    expect([status, unconditional]).toEqual([304, 500])
  })
})

describe('compression', () => {
  test.each([
    ['gzip', 'gzip', gunzipSync],
    ['br', 'br', brotliDecompressSync],
    ['gzip;q=0, br', 'br', brotliDecompressSync],
    ['br;q=0.5, gzip;q=0.8', 'gzip', gunzipSync],
  ])('Accept-Encoding: %s gets %s', async (accepted, encoding, decompress) => {
    const plain = await client.send(path('&userid=ann'))
    const packed = await client.send(path('&userid=ann'), { headers: { 'accept-encoding': accepted } })
    expect(packed.headers['content-encoding']).toBe(encoding)
    expect(packed.headers['content-length']).toBe(String(packed.body.length))
    expect(decompress(packed.body).toString()).toBe(plain.text)
    expect(packed.body.length).toBeLessThan(plain.body.length)
    expect(packed.headers['etag']).toBe(`${String(plain.headers['etag']).slice(0, -1)}-${encoding}"`)
    const headers = { 'accept-encoding': accepted, 'if-none-match': String(packed.headers['etag']) }
    expect((await client.send(path('&userid=ann'), { headers })).status).toBe(304)
  })

  test.each(['identity', 'gzip;q=0', 'zstd', '', 'identity;q=0'])(
    'Accept-Encoding: "%s" gets plain text',
    async (accepted) => {
      const { headers, text } = await client.send(path('&userid=ann'), { headers: { 'accept-encoding': accepted } })
      expect(headers).not.toHaveProperty('content-encoding')
      expect(titles(text)).toEqual(['bo'])
    },
  )
})

describe('bad rows and bad input', () => {
  test('a bad row is logged, and the rest of the feed stays well-formed', async () => {
    const { db } = database
    const [bad, gone, good] = [await addPerson(db, 'bad'), await addPerson(db, 'gone'), await addPerson(db, 'good')]
    for (const peer of [bad, gone, good]) await connect(db, of('cy'), peer, 'accepted')
    await sql`update account set name = ${'b\u0001d \u001f\ufffe'} where id = ${bad}`.execute(db)
    await sql`update colleague set message = ${'\u0002'} where ${good} in (owner_id, peer_id)`.execute(db)
    await db.deleteFrom('account').where('id', '=', gone).execute()
    await touch(db, of('cy'), 'accepted')
    for (const form of ['', '&outputType=profile', '&outputType=profile&output=vcard', '&inclMessage=true']) {
      const { text } = await client.send(path(`${form}&sortBy=displayName`), { as: 'cy:colleagues' })
      expect(titles(text)).toEqual(['b\ufffdd \ufffd\ufffd', 'good'])
    }
    expect(client.logged().some((line) => line.includes('entries left out'))).toBe(true)
  })

  test('odd parameters never cause a server error', async () => {
    const names = ['userid', 'email', 'key', 'status', 'outputType', 'output', 'format', 'since', 'sortBy', 'sortOrder']
    const name = fc.constantFrom(
      ...names,
      'ps',
      'page',
      'pos',
      'inclMessage',
      'inclPendingCount',
      'connectionType',
      'x',
    )
    const fitting = fc.constantFrom(
      ...['ann', 'ann%40example.com', of('ann'), 'pending', 'accepted', 'profile', 'vcard', 'lite', 'true', 'false'],
      ...['displayName', 'lastMod', 'asc', 'desc', '1', '250', '999999999999', '2009-01-04T20:32:31Z', 'colleague'],
    )
    const odd = fc.oneof(fc.constantFrom('%00', '%', '%c3%28', '%ED%A0%80', ''), fc.webQueryParameters())
    const value = fc.oneof({ arbitrary: fitting, weight: 4 }, odd, fc.string().map(encodeURIComponent))
    const position = fc.tuple(
      fc.constantFrom('after', 'before'),
      fc.oneof(fc.integer(), fc.string()),
      fc.uuid(),
      fc.string(),
    )
    const seen = new Set<number>()
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(name, value), { maxLength: 6 }),
        fc.option(position),
        fc.boolean(),
        async (parameters, pos, typed) => {
          const made = pos ? [['pos', Buffer.from(JSON.stringify(pos)).toString('base64url')]] : []
          const search = [...parameters, ...made].map(([key, text]) => `${key}=${text}`).join('&')
          const address = `/atom/connections.do?${typed ? 'connectionType=colleague&' : ''}${search}`
          const { status, text } = await client.send(address, typed ? { as: ann } : {})
          expect([200, 400, 401, 403, 414]).toContain(status)
          expect(() => parse(text)).not.toThrow()
          seen.add(status)
        },
      ),
      { numRuns: 300 },
    )
    expect([...seen]).toEqual(expect.arrayContaining([200, 400]))
  })

  test('an internal error hides its cause', async () => {
    await sql`alter table network rename to hidden`.execute(database.db)
    const { status, text } = await client.send(path('&userid=ann'))
    await sql`alter table hidden rename to network`.execute(database.db)
    expect(status).toBe(500)
    expect(text).toBe(
      '<?xml version="1.0" encoding="UTF-8"?><error xmlns="http://www.ibm.com/xmlns/prod/sn"><code>500</code>' +
        '<message>CLFRN1120E: An error occurred.</message><trace>OMITTED</trace></error>',
    )
  })
})

test('each request is one line of the log, without secrets or parameters', async () => {
  const quiet = await startClient(database.db, { LOG_LEVEL: 'info' })
  await quiet.send(path('&email=ann%40example.com'), { as: ann })
  await quiet.close()
  const lines = quiet.logged().map((line) => JSON.parse(line) as Record<string, unknown>)
  expect(lines).toHaveLength(1)
  expect(lines[0]).toMatchObject({
    method: 'GET',
    route: '/atom/connections.do',
    from: '127.0.0.1',
    status: 200,
    account: of('ann'),
  })
  expect(quiet.logged().join()).not.toMatch(/colleagues|ann@|YW5u|authorization/i)
})

test('the server is live and ready', async () => {
  expect((await client.send('/live')).status).toBe(200)
  expect((await client.send('/ready')).status).toBe(200)
  expect((await client.send('/ready', { method: 'POST' })).status).toBe(405)
})
