import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { removePhoto, setPhoto } from '../../src/accounts/photo-store.js'
import { type Client, startClient } from '../support/client.js'
import { freshDatabase, type TestDatabase } from '../support/database.js'
import { addPerson } from '../support/world.js'
import { child, parse } from '../support/xml.js'

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
beforeEach(() => removePhoto(database.db, ann))

const get = (query = 'userid=ann', headers: Record<string, string> = {}) =>
  client.send(`/profiles/photo.do?${query}`, { headers })
const png = (more: number[] = []) => Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 255, 128, ...more])

test('whoever has no picture is shown by initials', async () => {
  const { status, headers, text } = await get(`key=${ann}&lastMod=7`)
  expect([status, headers['content-type']]).toEqual([200, 'image/svg+xml'])
  expect(headers).not.toHaveProperty('last-modified')
  const svg = parse(text)
  expect(svg.attributes).toMatchObject({ role: 'img', 'aria-label': 'Ann "Å" <Lee>' })
  expect(child(svg, 'text').text).toBe('AL')
  expect((await get('email=ann%40EXAMPLE.com')).text).toBe(text)
})

test('a picture of one’s own is shown as it is, byte for byte', async () => {
  await setPhoto(database.db, ann, { type: 'image/png', bytes: png([1, 2, 3]) })
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

test('every change of the picture has a tag of its own, and no profile moves', async () => {
  const profile = async () => (await client.send('/profiles/atom/profile.do?userid=ann')).headers['etag']
  const before = await profile()
  const tags = [(await get()).headers['etag']]
  for (const bytes of [png(), png(), png([1])]) {
    await setPhoto(database.db, ann, { type: 'image/png', bytes })
    const etag = String((await get()).headers['etag'])
    tags.push(etag)
    for (const method of ['GET', 'HEAD']) {
      const held = await client.send('/profiles/photo.do?userid=ann', { method, headers: { 'if-none-match': etag } })
      expect([held.status, held.body.length]).toEqual([304, 0])
    }
  }
  expect(new Set(tags).size).toBe(4)
  await removePhoto(database.db, ann)
  expect((await get()).headers['etag']).toBe(tags[0])
  expect(await profile()).toBe(before)
})

test('a picture goes with the account', async () => {
  const one = await addPerson(database.db, 'one')
  await setPhoto(database.db, one, { type: 'image/png', bytes: png() })
  await database.db.deleteFrom('account').where('id', '=', one).execute()
  expect(await database.db.selectFrom('photo').select('account_id').execute()).toEqual([])
})
