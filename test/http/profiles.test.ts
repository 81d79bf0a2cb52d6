import { baseUrl, type Client, startClient } from '../support/client.js'
import { freshDatabase, type TestDatabase } from '../support/database.js'
import { addPerson, signInSecret } from '../support/world.js'
import { all, child, links, parse } from '../support/xml.js'

const bo = 'bo:colleagues'

let database: TestDatabase
let client: Client
let strict: Client
const id: Record<string, string> = {}

beforeAll(async () => {
  database = await freshDatabase()
  const { db } = database
  client = await startClient(db)
  strict = await startClient(db, { REQUIRE_SIGN_IN: 'true' })
  id['ann'] = await addPerson(db, 'ann', { name: 'Ann Lee', login: 'ann.desk', email: 'Ann@example.com' })
  const updated = new Date('2026-02-03T04:05:06.789Z')
  const profile = { managerLogin: 'ann.desk', experience: 'one\r\ntwo\nthree' }
  id['bo'] = await addPerson(db, 'bo', { name: 'Bo "Å" <b>', password: signInSecret, profile, updated })
  id['../x'] = await addPerson(db, '../x', { name: 'Cy', email: null })
})
afterAll(async () => {
  await client.close()
  await strict.close()
  await database.close()
})

const sign = (as: string | undefined) => (as === undefined ? {} : { as })
const aboutOne = [
  'atom/profile.do',
  'atom/profileEntry.do',
  'atom/profileService.do',
  'atom/reportingChain.do',
  'atom/peopleManaged.do',
  'vcard/profile.do',
  'photo.do',
]
const everything = [
  ...aboutOne.map((path) => `${path}?userid=bo`),
  'atom/search.do?search=b',
  'atom/profileType.do?type=default',
]

describe.each(everything)('%s', (path) => {
  test('is the same under every prefix', async () => {
    const plain = await client.send(`/profiles/${path}`)
    expect(plain.status).toBe(200)
    for (const prefix of ['/profiles/basic/', '/profiles/oauth/', '/profiles/form/', '/profiles//', '/']) {
      const { status, text, headers } = await client.send(prefix + path)
      expect([prefix, status, text, headers['etag']]).toEqual([prefix, 200, plain.text, plain.headers['etag']])
    }
  })

  test('HEAD has the fields of GET without a body', async () => {
    const got = await client.send(`/profiles/${path}`)
    const head = await client.send(`/profiles/${path}`, { method: 'HEAD' })
    expect(head.body).toHaveLength(0)
    expect({ ...head.headers, date: '' }).toEqual({ ...got.headers, date: '' })
    expect(head.headers['content-length']).toBe(String(got.body.length))
  })

  test('takes GET, HEAD and OPTIONS only', async () => {
    const { status, headers } = await client.send(`/profiles/${path}`, { method: 'POST' })
    expect([status, headers['allow']]).toEqual([405, 'GET, HEAD, OPTIONS'])
  })

  test('is revalidated by its ETag', async () => {
    const { headers } = await client.send(`/profiles/${path}`)
    const etag = String(headers['etag'])
    expect(etag).toMatch(/^"[\w-]{22}"$/)
    expect(headers['cache-control']).toBe('private, no-cache')
    expect(headers['vary']).toBe('Accept, Accept-Encoding, Authorization, Cookie')
    for (const method of ['GET', 'HEAD']) {
      const fresh = await client.send(`/profiles/${path}`, { method, headers: { 'if-none-match': etag } })
      expect([fresh.status, fresh.body.length, fresh.headers['etag']]).toEqual([304, 0, etag])
    }
    const newer = await startClient(database.db, {}, undefined, 'another release')
    expect((await newer.send(`/profiles/${path}`, { headers: { 'if-none-match': etag } })).status).toBe(200)
    await newer.close()
  })

  test('is public, or requires a sign-in if the server does', async () => {
    expect((await client.send(`/profiles/${path}`)).status).toBe(200)
    expect((await strict.send(`/profiles/${path}`, { as: bo })).status).toBe(200)
    const refused = await strict.send(`/profiles/${path}`)
    expect([refused.status, refused.headers['content-type']]).toEqual([401, 'text/xml;charset=UTF-8'])
    expect(refused.headers['www-authenticate']).toBe('Basic realm="connections", charset="UTF-8"')
    const held = await strict.send(`/profiles/${path}`, { headers: { 'if-none-match': '*' } })
    expect(held.status).toBe(401)
    expect((await client.send(`/profiles/${path}`, { as: 'bo:wrong password' })).status).toBe(401)
  })
})

describe.each(aboutOne)('the person of %s', (resource) => {
  const get = (query: string, as?: string) => client.send(`/profiles/${resource}${query}`, sign(as))
  const bodyOf = async (query: string, as?: string) =>
    (await get(query, as)).text.replaceAll(/<title>.*?<\/title>|<title .*?<\/title>|<link [^>]*rel="self"[^>]*>/g, '')

  test('has many names', async () => {
    const body = await bodyOf('?userid=ann')
    for (const query of [
      `?key=${id['ann']}`,
      `?key=${id['ann']?.toUpperCase()}`,
      '?email=aNN%40EXAMPLE.com',
      '?userid=%20ann%20',
      '?email=ann%40example.com%20&lastMod=7&encoding=x',
      `?userid=ann&key=${id['bo']}&email=nobody`,
      '?userid=&email=ann%40example.com',
    ]) {
      expect([query, await bodyOf(query)]).toEqual([query, body])
    }
  })

  test('is the caller by default, and 401 without one', async () => {
    expect(await bodyOf('', bo)).toBe(await bodyOf('?userid=bo'))
    expect((await get('')).status).toBe(401)
    expect((await strict.send(`/profiles/${resource}`, { as: bo })).status).toBe(200)
  })

  test.each([
    ['?userid=ann&userid=bo', undefined, 400],
    ['?userid=ann&userid=ann', undefined, 200],
    ['?userid=', bo, 400],
    ['?userid=%20&key=&email=', bo, 400],
    ['?userid=%zz', bo, 400],
    ['?userid=ann&userid=bo', 'bo:wrong password', 400],
    [`?userid=${'a'.repeat(513)}`, undefined, 400],
  ])('%s as %s gets %d', async (query, as, status) => {
    expect((await get(query, as)).status).toBe(status)
  })

  const unknown = { 'atom/profile.do': 200, 'atom/profileEntry.do': 200, 'vcard/profile.do': 404, 'photo.do': 404 }
  const expected = unknown[resource as keyof typeof unknown] ?? 400

  test.each([
    '?userid=nobody',
    '?userid=ANN',
    '?userid=%00',
    '?userid=%ef%bf%bf',
    '?key=ann',
    '?key=01900000-0000-7000-8000-000000000000',
    '?email=%27;drop%20table%20account;--',
    `?userid=${'%F0%9D%92%A6'.repeat(256)}`,
    '?email=%25',
  ])('is not found by %s', async (query) => {
    const { status, text } = await get(query)
    expect(status).toBe(expected)
    if (expected !== 200) {
      const sentence = 'CLFRN1172E: The request is invalid. There is no such person.'
      expect([child(parse(text), 'code').text, child(parse(text), 'message').text]).toEqual([String(status), sentence])
    }
    expect((await strict.send(`/profiles/${resource}${query}`)).status).toBe(401)
  })
})

describe('the date of a profile', () => {
  test.each(['atom/profile.do', 'atom/profileEntry.do', 'atom/profileService.do', 'vcard/profile.do'])(
    'is the Last-Modified of %s, and ignores If-Modified-Since',
    async (resource) => {
      const { headers } = await client.send(`/profiles/${resource}?userid=bo`)
      expect(headers['last-modified']).toBe('Tue, 03 Feb 2026 04:05:07 GMT')
      const later = { 'if-modified-since': 'Wed, 01 Jul 2026 00:00:00 GMT' }
      expect((await client.send(`/profiles/${resource}?userid=bo`, { headers: later })).status).toBe(200)
    },
  )
})

describe('the profile feed', () => {
  test('takes several people in one parameter, and shows each once, in that order', async () => {
    const titles = async (query: string) =>
      all(parse((await client.send(`/profiles/atom/profile.do?${query}`)).text), 'entry').map(
        (entry) => child(entry, 'title').text,
      )
    expect(await titles('userid=bo,ann,bo')).toEqual(['Bo "Å" <b>', 'Ann Lee'])
    expect(await titles('email=bo%40example.com%2c%20ANN%40example.com')).toEqual(['Bo "Å" <b>', 'Ann Lee'])
    expect(await titles(`key=${id['ann']},nonsense,${id['bo']}`)).toEqual(['Ann Lee', 'Bo "Å" <b>'])
    expect(await titles(',,userid=')).toEqual([])
    expect((await client.send('/profiles/atom/profile.do?userid=%20,,')).status).toBe(400)
  })

  test('has working links for one person', async () => {
    const { text } = await client.send('/profiles/atom/profile.do?userid=bo')
    const { self, ...others } = links(parse(text))
    expect(self).toBe(`${baseUrl}/profiles/atom/profile.do?userid=bo`)
    expect(Object.keys(others).map((rel) => rel.replace('http://www.ibm.com/xmlns/prod/sn/', ''))).toEqual([
      'connections/colleague',
      'reporting-chain',
      'profile-type',
    ])
    for (const href of Object.values(others)) {
      expect((await client.send(href.replace(baseUrl, ''))).status).toBe(200)
    }
    const entry = links(all(parse(text), 'entry')[0] as never)
    for (const [rel, href] of Object.entries(entry)) {
      if (rel !== 'related') expect([rel, (await client.send(href.replace(baseUrl, ''))).status]).toEqual([rel, 200])
    }
  })

  test('has another ETag after any change of a profile', async () => {
    const tag = async () => (await client.send('/profiles/atom/profile.do?userid=ann,bo')).headers['etag']
    const before = await tag()
    await database.db.updateTable('account').set({ external: true }).where('user_id', '=', 'ann').execute()
    expect(await tag()).not.toBe(before)
    await database.db.updateTable('account').set({ external: false }).where('user_id', '=', 'ann').execute()
    expect(await tag()).toBe(before)
  })
})

test('a profile entry names its person as its author', async () => {
  for (const form of ['', '&output=vcard&format=full']) {
    const entry = parse((await client.send(`/profiles/atom/profileEntry.do?userid=bo${form}`)).text)
    const [author, ...others] = all(entry, 'author')
    expect(others).toEqual([])
    expect(author && child(author, 'name').text).toBe('Bo "Å" <b>')
    expect(author?.children).toEqual(child(entry, 'contributor').children)
  }
})

describe('the service document', () => {
  test('has its own media type, an XML declaration without encoding, and no editable fields', async () => {
    const { text, headers } = await client.send('/profiles/atom/profileService.do?userid=..%2Fx')
    expect(headers['content-type']).toBe('application/atomsvc+xml; charset=UTF-8')
    expect(text).toMatch(
      /^<\?xml version="1\.0"\?><service xmlns:snx="[^"]+" xmlns:atom="[^"]+" xmlns="http:\/\/www\.w3\.org\/2007\/app"><atom:generator /,
    )
    const collection = child(child(parse(text), 'workspace'), 'collection')
    expect(collection.attributes['href']).toBe(`${baseUrl}/profiles/atom/profile.do?userid=..%2Fx&output=vcard`)
    expect(child(collection, 'userid').text).toBe('../x')
    expect(child(collection, 'editableFields').children).toEqual([])
    const feed = await client.send(String(collection.attributes['href']).replace(baseUrl, ''))
    expect(all(parse(feed.text), 'entry')).toHaveLength(1)
  })
})

describe('the vCard file', () => {
  test('is an attachment with CRLF line ends', async () => {
    const { text, headers } = await client.send('/profiles/vcard/profile.do?userid=bo&encoding=ISO-8859-1')
    expect(headers['content-type']).toBe('text/x-vcard;charset=UTF-8')
    expect(headers['content-disposition']).toBe('attachment; filename="bo.vcf"')
    const lines = text.split('\r\n')
    expect([lines[0], lines.at(-2), lines.at(-1)]).toEqual(['BEGIN:VCARD', 'END:VCARD', ''])
    expect(lines).toContain('FN:Bo "Å" <b>')
    expect(lines).toContain('X_EXPERIENCE:one two three')
    expect(text.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/)
  })

  test('has a safe name', async () => {
    const { headers } = await client.send('/profiles/vcard/profile.do?userid=..%2Fx')
    expect(headers['content-disposition']).toBe(`attachment; filename="${id['../x']}.vcf"`)
  })
})

test('the profile type has its own media type, and a default without a name', async () => {
  const named = await client.send('/profiles/atom/profileType.do?type=default')
  expect(named.headers['content-type']).toBe('application/profile-type+xml;charset=UTF-8')
  expect((await client.send('/profiles/atom/profileType.do')).text).toBe(named.text)
  expect((await client.send('/profiles/atom/profileType.do?type=Default')).text).toBe(named.text)
  expect((await client.send('/profiles/atom/profileType.do?type=x')).status).toBe(404)
  expect((await client.send('/profiles/atom/profileType.do?type=x&type=default')).status).toBe(400)
})
