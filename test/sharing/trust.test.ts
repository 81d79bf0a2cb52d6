import { type Client, startClient } from '../support/client.js'
import { freshDatabase, type TestDatabase } from '../support/database.js'
import { faultOf, made, openModule, type Person } from '../support/module.js'
import { addPerson, signInSecret } from '../support/world.js'

/** Limits that hold in every API (docs/trust.md, Z5; Z7). */

let database: TestDatabase
let module: Awaited<ReturnType<typeof openModule>>
let client: Client
const people: Record<string, Person> = {}
const person = (name: string) => people[name] as Person
beforeAll(async () => {
  database = await freshDatabase()
  module = await openModule(database)
  client = await startClient(database.db, {}, undefined, undefined, module.world)
  for (const name of ['ann', 'bo', 'chen']) {
    const id = await addPerson(database.db, name, { password: signInSecret })
    people[name] = { id, email: `${name}@example.com`, calls: module.connectionsFor({ accountId: id }) }
  }
})
afterAll(async () => {
  await client.close()
  await database.close()
})

describe('an id instead of a token (Z7)', () => {
  test('gives the token of a link to callers with access only', async () => {
    const document = module.addDocument(person('ann').id)
    const { _id, token } = await person('ann').calls.linkTo('documents', document, 4)
    expect(await faultOf(person('chen').calls.getToken(_id))).toBe('accessDenied.connection')
    expect(await faultOf(module.nobody.getToken(_id))).toBe('accessDenied.notLoggedIn')
    expect(await person('ann').calls.getToken(_id)).toBe(token)
    await module.runAs('chen', { skipAcl: true }, async (caller) =>
      expect(await module.connectionsFor(caller).getToken(_id)).toBe(token),
    )
  })

  test('does not reveal to others that an active grant has no token', async () => {
    const document = module.addDocument(person('ann').id)
    const forced = { skipAcl: true, forceAuto: true }
    const target = { _id: person('bo').id, auto: true }
    const { _id } = made(await person('ann').calls.create('documents', document, target, forced))
    expect(await person('bo').calls.getToken(_id)).toBeNull()
    expect(await faultOf(person('chen').calls.getToken(_id))).toBe('accessDenied.connection')
  })
})

test('a person cannot raise the own access by raising the access of a colleague', async () => {
  const [dora, eli] = [await module.person('dora'), await module.person('eli')]
  const invite = (access: number, options = {}) =>
    dora.calls.create('accounts', dora.id, { _id: eli.id, access }, options)
  const { _id } = made(await invite(2))
  await eli.calls.apply((await eli.calls.getToken(_id)) as string)
  expect(await invite(6)).toMatchObject([{ errCode: 'cortex.conflict.connectionExists', target: { _id: eli.id } }])
  expect(await dora.calls.read(_id)).toMatchObject({ state: 1, access: 2 })
  const onBehalf = dora.calls.create('accounts', eli.id, { _id: person('chen').id })
  expect(await faultOf(onBehalf)).toBe(`accessDenied.shareAccess ${dora.id}`)
  expect(made(await invite(4, { skipAcl: true }))).toMatchObject({ _id, access: 4 })
})

describe('an invitation accepted by the Atom API', () => {
  const entry = `<entry xmlns="http://www.w3.org/2005/Atom"><category scheme="http://www.ibm.com/xmlns/prod/sn/type"
    term="connection"/><category scheme="http://www.ibm.com/xmlns/prod/sn/status" term="accepted"/></entry>`

  test('gives the accepter the offer, and the inviter the level of colleagues', async () => {
    const [ann, bo] = [person('ann'), person('bo')]
    const target = { _id: bo.id, access: 6, roles: ['editor'] }
    const { _id } = made(await ann.calls.create('accounts', ann.id, target, { skipAcl: true }))
    expect(await ann.calls.read(_id)).toMatchObject({ access: 6, roles: ['editor'] })
    const { id } = await database.db
      .selectFrom('colleague')
      .select('id')
      .where('connection_id', '=', _id)
      .where('owner_id', '=', bo.id)
      .executeTakeFirstOrThrow()
    const to = `/profiles/atom/connection.do?connectionId=${id}`
    expect((await client.send(to, { method: 'PUT', as: 'bo:colleagues', body: entry })).status).toBe(200)
    expect(await ann.calls.read(_id)).toMatchObject({ state: 1, access: 6, roles: ['editor'] })
    const onBehalf = ann.calls.create('accounts', bo.id, { _id: person('chen').id })
    expect(await faultOf(onBehalf)).toBe(`accessDenied.shareAccess ${ann.id}`)
  })

  test('gives the level of colleagues if an administrator completes it', async () => {
    const [ann, chen] = [person('ann'), person('chen')]
    await addPerson(database.db, 'root', { password: signInSecret })
    await database.db
      .updateTable('account')
      .set({ roles: ['admin'] })
      .where('user_id', '=', 'root')
      .execute()
    const { _id } = made(await ann.calls.create('accounts', ann.id, { _id: chen.id, access: 6 }))
    const to = '/profiles/admin/atom/connections.do?sourceUserid=ann&targetUserid=chen'
    const sent = await client.send(to, { method: 'PUT', as: 'root:colleagues', body: entry })
    expect(sent.status).toBe(200)
    expect(await ann.calls.read(_id)).toMatchObject({ state: 1, access: 2 })
  })
})
