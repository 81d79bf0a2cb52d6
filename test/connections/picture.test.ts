import { pino } from 'pino'
import { readConfig } from '../../src/config.js'
import { readPicture } from '../../src/connections/list.js'
import { findAmong } from '../../src/connections/summary-store.js'
import { findAccount } from '../../src/people/store.js'
import { freshDatabase, type TestDatabase } from '../support/database.js'
import { addPerson, connect } from '../support/world.js'

let database: TestDatabase
const ids: Record<string, string> = {}
beforeAll(async () => {
  database = await freshDatabase()
  const { db } = database
  for (const name of ['owner', 'ann', 'bo', 'chen', 'dalia', 'stranger']) ids[name] = await addPerson(db, name)
  for (const name of ['ann', 'bo', 'chen']) await connect(db, id('owner'), id(name), 'accepted')
  await connect(db, id('owner'), id('dalia'), 'invited')
  await connect(db, id('bo'), id('ann'), 'accepted')
  await connect(db, id('bo'), id('chen'), 'invited')
  await connect(db, id('ann'), id('stranger'), 'accepted')
  await connect(db, id('ann'), id('dalia'), 'accepted')
})
afterAll(() => database.close())

const id = (name: string) => ids[name] as string
const context = (settings = {}) => ({
  db: database.db,
  config: readConfig(settings),
  log: pino({ level: 'silent' }),
})
const owner = { by: 'userId', value: 'owner' } as const

test('connections among colleagues are found once per pair, without invitations and strangers', async () => {
  expect(await findAmong(database.db, id('owner'), 300)).toEqual([[id('ann'), id('bo')].sort()])
  expect(await findAmong(database.db, id('stranger'), 300)).toEqual([])
})

test('only the first colleagues by name are examined', async () => {
  expect(await findAmong(database.db, id('owner'), 2)).toHaveLength(1)
  expect(await findAmong(database.db, id('owner'), 1)).toEqual([])
})

test('a picture has the colleagues by name, and the connections among them', async () => {
  const { owner: shown, people, pairs, total } = await readPicture(context(), null, owner)
  expect([shown.userId, people.map(({ userId }) => userId), total]).toEqual(['owner', ['ann', 'bo', 'chen'], 3])
  expect(pairs.map((pair) => [...pair].sort())).toEqual([[0, 1]])
})

test('a picture is visible to everyone with access to the accepted list', async () => {
  const strict = context({ REQUIRE_SIGN_IN: 'true' })
  await expect(readPicture(strict, null, owner)).rejects.toMatchObject({ code: 'unauthenticated' })
  await expect(readPicture(context(), null, undefined)).rejects.toMatchObject({ code: 'unauthenticated' })
  await expect(readPicture(context(), null, { by: 'userId', value: 'none' })).rejects.toMatchObject({ code: 'invalid' })
  const stranger = (await findAccount(database.db, { by: 'userId', value: 'stranger' })) ?? null
  expect((await readPicture(strict, stranger, owner)).total).toBe(3)
  expect((await readPicture(strict, stranger, undefined)).people.map(({ userId }) => userId)).toEqual(['ann'])
})
