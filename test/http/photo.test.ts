import { changePhoto } from '../../src/connections/photo.js'
import { fillSearchWords } from '../../src/people/search-store.js'
import { importFiles } from '../../src/transfer/import.js'
import { type Client, startClient } from '../support/client.js'
import { freshDatabase, type TestDatabase } from '../support/database.js'
import { connectionEntry } from '../support/entries.js'
import { addPerson, connect, signInSecret } from '../support/world.js'
import { child, parse } from '../support/xml.js'
import { account, jsonLines, temporaryFolder } from '../transfer/files.js'

let database: TestDatabase
let client: Client
let ann: string

beforeAll(async () => {
  database = await freshDatabase()
  client = await startClient(database.db)
  ann = await addPerson(database.db, 'ann', { name: 'Ann "Å" <Lee>' })
})
afterAll(async () => {
  await client.close()
  await database.close()
})
beforeEach(() => changePhoto(database.db, ann, null))

const get = (query = 'userid=ann', headers: Record<string, string> = {}) =>
  client.send(`/profiles/photo.do?${query}`, { headers })
const png = (more: number[] = []) => Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 255, 128, ...more])

test('a person without a photo is shown by initials', async () => {
  const { status, headers, text } = await get(`key=${ann}&lastMod=7`)
  expect([status, headers['content-type']]).toEqual([200, 'image/svg+xml'])
  expect(headers).not.toHaveProperty('last-modified')
  const svg = parse(text)
  expect(svg.attributes).toMatchObject({ role: 'img', 'aria-label': 'Ann "Å" <Lee>' })
  expect(child(svg, 'text').text).toBe('AL')
  expect((await get('email=ann%40EXAMPLE.com')).text).toBe(text)
})

test('a photo is sent byte for byte', async () => {
  await changePhoto(database.db, ann, { type: 'image/png', bytes: png([1, 2, 3]) })
  const { status, headers, body } = await get('userid=ann', { 'accept-encoding': 'br' })
  expect([status, headers['content-type'], headers['content-length']]).toEqual([200, 'image/png', '14'])
  expect(headers['cache-control']).toBe('private, no-cache')
  expect(headers).not.toHaveProperty('content-encoding')
  expect(headers['x-content-type-options']).toBe('nosniff')
  expect(body.equals(png([1, 2, 3]))).toBe(true)
  const head = await client.send('/profiles/photo.do?userid=ann', { method: 'HEAD' })
  expect({ ...head.headers, date: '', vary: '' }).toEqual({ ...headers, date: '', vary: '' })
  expect(head.body).toHaveLength(0)
})

test('every version of a photo has its own ETag', async () => {
  const tags = [(await get()).headers['etag']]
  for (const bytes of [png(), png(), png([1])]) {
    await changePhoto(database.db, ann, { type: 'image/png', bytes })
    const etag = String((await get()).headers['etag'])
    tags.push(etag)
    for (const method of ['GET', 'HEAD']) {
      const held = await client.send('/profiles/photo.do?userid=ann', { method, headers: { 'if-none-match': etag } })
      expect([held.status, held.body.length]).toEqual([304, 0])
    }
  }
  expect(new Set(tags).size).toBe(4)
  await changePhoto(database.db, ann, null)
  expect((await get()).headers['etag']).toBe(tags[0])
})

test('deleting an account deletes its photo', async () => {
  const one = await addPerson(database.db, 'one')
  await changePhoto(database.db, one, { type: 'image/png', bytes: png() })
  await database.db.deleteFrom('account').where('id', '=', one).execute()
  expect(await database.db.selectFrom('photo').select('account_id').execute()).toEqual([])
})

describe('a change of a photo', () => {
  const ids: Record<string, string> = {}
  const idOf = (name: string) => ids[name] as string
  beforeAll(async () => {
    const { db } = database
    for (const name of ['me', 'friend', 'asked', 'asking', 'stranger', 'other']) {
      ids[name] = await addPerson(db, name, { password: signInSecret, profile: { managerLogin: 'boss' } })
    }
    await db.updateTable('account').set({ login: 'boss' }).where('id', '=', idOf('friend')).execute()
    await connect(db, idOf('me'), idOf('friend'), 'accepted')
    await connect(db, idOf('me'), idOf('asked'), 'invited')
    await connect(db, idOf('asking'), idOf('me'), 'invited')
    await connect(db, idOf('stranger'), idOf('other'), 'accepted')
  })

  const list = (owner: string, status = 'accepted') =>
    `/profiles/atom/connections.do?connectionType=colleague&outputType=profile&userid=${owner}&status=${status}`
  /** Addresses with their callers. */
  const showing: [path: string, as: string][] = [
    [list('friend'), 'friend'],
    [list('asked', 'pending'), 'asked'],
    [list('asking', 'unconfirmed'), 'asking'],
    [list('me'), 'me'],
    [list('me', 'pending'), 'me'],
    [list('me', 'unconfirmed'), 'me'],
    ['/profiles/atom/connection.do?connectionType=colleague&sourceUserid=friend&targetUserid=me', 'friend'],
    ['/profiles/atom/profile.do?userid=me', 'friend'],
    ['/profiles/atom/profileEntry.do?userid=me&output=vcard', 'friend'],
    ['/profiles/atom/search.do?userid=me', 'friend'],
    ['/profiles/atom/peopleManaged.do?userid=friend', 'friend'],
    ['/profiles/atom/reportingChain.do?userid=me', 'friend'],
    ['/profiles/vcard/profile.do?userid=me', 'friend'],
    ['/profiles/html/profileView.do?userid=me', 'friend'],
  ]
  const others: [path: string, as: string][] = [
    [list('stranger'), 'stranger'],
    [list('friend', 'pending'), 'friend'],
    [list('asked'), 'asked'],
  ]
  const poll = async (all: typeof showing) =>
    Promise.all(
      all.map(async ([path, as]) => {
        const { status, headers, text } = await client.send(path, { as: `${as}:colleagues` })
        expect([path, status]).toEqual([path, 200])
        return { path, as, etag: String(headers['etag']), text }
      }),
    )
  const isNews = async (polled: Awaited<ReturnType<typeof poll>>) =>
    Promise.all(
      polled.map(async ({ path, as, etag }) => {
        const answer = await client.send(path, { as: `${as}:colleagues`, headers: { 'if-none-match': etag } })
        return [path, answer.status]
      }),
    )
  const linkOf = (text: string) =>
    /photo\.do\?key=[^&]*&amp;lastMod=(\d+)/.exec(text.slice(text.indexOf(`key=${idOf('me')}&amp;lastMod`) - 40))?.[1]

  test.each([
    ['is added', png()],
    ['is replaced', png([1])],
    ['is removed', null],
  ])('changes the ETag of every answer that shows it, and of no other: the photo %s', async (_what, bytes) => {
    const [before, beside] = [await poll(showing), await poll(others)]
    await changePhoto(database.db, idOf('me'), bytes && { type: 'image/png', bytes })
    expect(await isNews(before)).toEqual(before.map(({ path }) => [path, 200]))
    expect(await isNews(beside)).toEqual(beside.map(({ path }) => [path, 304]))
    const after = await poll(showing)
    expect(await isNews(after)).toEqual(after.map(({ path }) => [path, 304]))
    const dates = [before, after].map((polled) => Number(linkOf(polled[0]?.text as string)))
    expect(dates[1]).toBeGreaterThan(dates[0] as number)
    // The search words are still right, so they are not filled again.
    expect(await fillSearchWords(database.db)).toBe(0)
  })

  test('changes no ETag without a photo to remove', async () => {
    const polled = await poll(showing)
    expect(await changePhoto(database.db, idOf('me'), null)).toBe(false)
    expect(await isNews(polled)).toEqual(polled.map(({ path }) => [path, 304]))
  })

  test('takes effect as a whole or not at all', async () => {
    const polled = await poll(showing)
    const failing = changePhoto(database.db, idOf('me'), { type: 'image/png', bytes: Buffer.alloc(1024 * 1024 + 1) })
    await expect(failing).rejects.toThrow()
    expect(await isNews(polled)).toEqual(polled.map(({ path }) => [path, 304]))
  })

  test('reaches the lists of concurrent new colleagues', async () => {
    const names = Array.from({ length: 4 }, (_, n) => `new${n}`)
    for (const name of names) ids[name] = await addPerson(database.db, name, { password: signInSecret })
    await Promise.all([
      changePhoto(database.db, idOf('me'), { type: 'image/png', bytes: png([7]) }),
      ...names.map((name) =>
        client.send('/profiles/atom/connections.do?userid=me', {
          method: 'POST',
          as: `${name}:colleagues`,
          body: connectionEntry('pending'),
        }),
      ),
    ])
    const { updated_at: updated } = await database.db
      .selectFrom('account')
      .select('updated_at')
      .where('id', '=', idOf('me'))
      .executeTakeFirstOrThrow()
    for (const name of names) {
      const [polled] = await poll([[list(name, 'unconfirmed'), name]])
      expect(linkOf(polled?.text as string)).toBe(String(updated.getTime()))
    }
  })

  test('does not outrank a newer document about the person', async () => {
    const folder = await temporaryFolder()
    await changePhoto(database.db, idOf('other'), { type: 'image/png', bytes: png() })
    const file = await folder.write(
      'people.jsonl',
      jsonLines(account('other', { name: 'Renamed', key: idOf('other') }, 20)),
    )
    await importFiles(database.db, [file])
    await folder.remove()
    const { text } = await client.send('/profiles/atom/profile.do?userid=other')
    expect(text).toContain('<title type="text">Renamed</title>')
  })

  test('fails for a deleted account', async () => {
    const gone = await addPerson(database.db, 'gone')
    await database.db.deleteFrom('account').where('id', '=', gone).execute()
    await expect(changePhoto(database.db, gone, null)).rejects.toMatchObject({ code: 'notFound' })
  })
})
