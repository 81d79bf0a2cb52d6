import { freshDatabase, type TestDatabase } from '../support/database.js'
import { made, openModule } from '../support/module.js'

/** A new token secret replaces an old one. Tokens of the old one stay valid. */

const [older, newer] = [Buffer.alloc(32, 'a'), Buffer.alloc(32, 'b')] as const

let database: TestDatabase
beforeAll(async () => {
  database = await freshDatabase()
})
afterAll(() => database.close())

test('the newest secret makes tokens, and every known secret shows its own tokens again', async () => {
  const before = await openModule(database, {}, [older])
  const ann = await before.person('ann')
  const bo = await before.person('bo')
  const invitation = made(await ann.calls.create('accounts', ann.id, { _id: bo.id }))
  const link = await ann.calls.linkTo('accounts', ann.id, 'connected')
  const token = (await bo.calls.getToken(invitation._id)) as string

  const rotated = await openModule(database, {}, [newer, older])
  const [annNow, boNow] = [ann, bo].map(({ id }) => rotated.connectionsFor({ accountId: id }))
  expect(await boNow?.getToken(invitation._id)).toBe(token)
  expect((await annNow?.read(link._id))?.token).toBe(link.token)
  const fresh = await annNow?.linkTo('accounts', ann.id, 'connected')
  expect((await ann.calls.read(fresh?._id as string)).token).toBeUndefined()
  expect(await rotated.nobody.read(link.token as string)).toMatchObject({ _id: link._id, token: link.token })

  const forgotten = await openModule(database, {}, [newer])
  const [annLater, boLater] = [ann, bo].map(({ id }) => forgotten.connectionsFor({ accountId: id }))
  expect(await annLater?.read(link.token as string)).not.toHaveProperty('token')
  const other = (await boLater?.getToken(invitation._id)) as string
  expect(other).not.toBe(token)
  expect(await boLater?.apply(other)).toMatchObject({ _id: invitation._id, state: 1 })
})
