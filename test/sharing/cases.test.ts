import { Fault } from '../../src/faults.js'
import { type Client, startClient } from '../support/client.js'
import { freshDatabase, type TestDatabase } from '../support/database.js'
import { faultOf, made, nameOf, openModule, type Person } from '../support/module.js'
import { signInSecret } from '../support/world.js'
import { all, parse } from '../support/xml.js'

/** Calls of real programs and their results (docs/module.md, Calling). */

let database: TestDatabase
let module: Awaited<ReturnType<typeof openModule>>
let client: Client
let ann: Person
let bo: Person
let chen: Person
let admin: Person
let document: string

beforeAll(async () => {
  database = await freshDatabase()
  module = await openModule(database)
  client = await startClient(database.db)
  ann = await module.person('ann')
  bo = await module.person('bo')
  chen = await module.person('chen')
  admin = await module.person('admin')
  document = module.addDocument(ann.id)
})
afterAll(async () => {
  await client.close()
  await database.close()
})

let people = 0
/** A new person without connections. */
const stranger = () => module.person(`stranger${++people}`)

const trusted = { skipAcl: true, connectionAppKey: 'connections' }
const forced = { ...trusted, forceAuto: true }

const unverify = (id: string, verified = false) =>
  database.db.updateTable('account').set({ verified }).where('id', '=', id).execute()

/** The names on a list of the Atom API, for its owner. */
async function feed(person: Person, status: string): Promise<string[]> {
  await database.db
    .insertInto('credential')
    .values({
      id: person.id,
      account_id: person.id,
      kind: 'password',
      secret: signInSecret,
      created_at: new Date(),
      updated_at: new Date(),
    })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
  const name = person.email.replace('@example.com', '')
  const { status: answered, text } = await client.send(
    `/profiles/atom/connections.do?connectionType=colleague&status=${status}`,
    { as: `${name}:colleagues` },
  )
  expect(answered).toBe(200)
  return all(parse(text), 'entry').map((entry) => all(entry, 'title')[0]?.text ?? '')
}

describe('connecting at once', () => {
  test('forceAuto and auto connect a target (case 1)', async () => {
    const target = await stranger()
    const result = await admin.calls.create('accounts', ann.id, { _id: target.id, auto: true }, forced)
    expect(result).toHaveLength(1)
    expect(made(result)).toMatchObject({ state: 1, context: { _id: ann.id }, creator: { _id: admin.id } })
    expect(made(result)).not.toHaveProperty('token')
    expect(await feed(ann, 'accepted')).toContain(target.email.replace('@example.com', ''))
    expect(await feed(target, 'accepted')).toEqual(['ann'])
  })

  test('a type that requires acceptance refuses without forceAuto (case 2)', async () => {
    const target = { _id: bo.id, auto: true }
    expect(await faultOf(admin.calls.create('accounts', ann.id, target, trusted))).toBe(
      'invalidArgument.requireConnectionAccept account',
    )
  })

  test('an address is refused as an id (case 3)', async () => {
    const call = admin.calls.create('accounts', ann.id, { _id: bo.email, auto: true }, forced)
    await expect(call).rejects.toMatchObject({ code: 'kInvalidArgument', path: bo.email })
  })

  test('an unverified account is refused (case 4)', async () => {
    const target = await stranger()
    await unverify(target.id)
    expect(await faultOf(admin.calls.create('accounts', ann.id, { _id: target.id, auto: true }, forced))).toBe(
      `accessDenied.connectionRequiresVerification ${target.id}`,
    )
  })

  test('a missing account is refused (case 5)', async () => {
    expect(await faultOf(admin.calls.create('accounts', ann.id, { _id: document, auto: true }, forced))).toBe(
      `notFound.instance ${document}`,
    )
  })

  test('an account without access for the caller is refused (case 6)', async () => {
    const options = { forceAuto: true }
    expect(await faultOf(ann.calls.create('documents', document, { _id: bo.id, auto: true }, options))).toBe(
      `accessDenied.autoConnectionRequiresAccess ${bo.id}.5`,
    )
  })
})

test('a creator reads and deletes a connection (case 7)', async () => {
  const { _id } = made(await ann.calls.create('documents', document, { _id: bo.id, access: 4 }))
  expect(await ann.calls.read(_id)).toMatchObject({ _id, object: 'connection', state: 0, access: 4 })
  expect(await ann.calls.delete(_id)).toBe(true)
  expect(await faultOf(ann.calls.read(_id))).toBe(`notFound.unspecified ${_id}`)
})

test('a link with one use is read once (case 8)', async () => {
  const { token } = await admin.calls.linkTo('accounts', bo.id, 'read', { ...trusted, usesRemaining: 1 })
  expect(await module.nobody.read<string>(`${token}/context/name/first`)).toBe('bo')
  await expect(module.nobody.read(`${token}/context/name/first`)).rejects.toMatchObject({
    code: 'kInvalidArgument',
    errCode: 'cortex.invalidArgument.connectionToken',
  })
})

test('a link with a role shows the properties of the role (case 9)', async () => {
  const { token } = await admin.calls.linkTo('documents', document, 1, { ...trusted, roles: 'editor' })
  expect(await chen.calls.read<string>(`${token}/context/notes`)).toBe('Not yet.')
  await expect(chen.calls.read(`${token}/context/body`)).rejects.toMatchObject({ code: 'kAccessDenied' })
})

test('two addresses with a role each become two invitations, in order (case 10)', async () => {
  const targets = [
    { email: 'One@Example.com ', roles: 'editor' },
    { email: 'two@example.com', roles: 'reviewer' },
  ]
  const result = await admin.calls.create('documents', document, targets, { ...trusted, skipNotification: true })
  expect(result).toMatchObject([
    { state: 0, target: { email: 'one@example.com' }, roles: ['editor'] },
    { state: 0, target: { email: 'two@example.com' }, roles: ['reviewer'] },
  ])
})

test('an address ignores the case of A to Z only (case 10)', async () => {
  const { db } = database
  const [capital, small] = [await stranger(), await stranger()]
  for (const [{ id }, email] of [
    [capital, 'É@Example.com'],
    [small, 'é@example.com'],
  ] as const) {
    await db.updateTable('account').set({ email }).where('id', '=', id).execute()
  }
  const options = { ...trusted, skipNotification: true }
  const { _id } = made(await admin.calls.create('documents', document, { email: 'É@EXAMPLE.com' }, options))
  expect((await capital.calls.list()).map((each) => each._id)).toEqual([_id])
  expect((await capital.calls.list({ where: { 'target.email': 'É@example.com' } })).map((each) => each._id)).toEqual([
    _id,
  ])
  expect(await small.calls.list()).toEqual([])
})

test('a target sees the public part of an offer, applies it, and gets the rest (cases 11, 12)', async () => {
  const other = module.addDocument(ann.id)
  const options = { ...trusted, skipNotification: true }
  const { _id } = made(await admin.calls.create('documents', other, { _id: bo.id, roles: ['editor'] }, options))
  const token = await bo.calls.getToken(_id)
  expect(await bo.calls.read<string>(`${token}/context/title`)).toBe('Plan')
  expect(await faultOf(bo.calls.read(`${token}/context/notes`))).toBe('accessDenied.unspecified context.notes')
  const applied = await bo.calls.apply(token as string)
  expect(applied).toMatchObject({ _id, state: 1, roles: ['editor'], access: 2 })
  expect(applied).not.toHaveProperty('token')
  expect(applied).not.toHaveProperty('expiresAt')
  const [seen] = await bo.calls.list({ where: { context: other }, expand: ['context'] })
  expect(seen?.context).toEqual({
    _id: other,
    object: 'document',
    path: `/documents/${other}`,
    title: 'Plan',
    notes: 'Not yet.',
  })
})

test('a repeated invitation keeps its token and gathers roles (case 13)', async () => {
  const other = module.addDocument(ann.id)
  const target = await stranger()
  const invite = (role: string) =>
    admin.calls.create(
      'documents',
      other,
      { email: target.email, roles: [role] },
      { ...trusted, skipNotification: true },
    )
  const first = made(await invite('editor'))
  const token = await target.calls.getToken(first._id)
  const second = made(await invite('reviewer'))
  expect(second).toMatchObject({ _id: first._id, roles: ['editor', 'reviewer'] })
  expect(await target.calls.getToken(first._id)).toBe(token)
  expect(await target.calls.read(token as string)).toMatchObject({ roles: ['editor', 'reviewer'] })
  expect(await target.calls.apply(token as string)).toMatchObject({ roles: ['editor', 'reviewer'], state: 1 })
})

test('an invitation is on the lists of both people, and in both feeds (case 14)', async () => {
  const [one, other] = [await stranger(), await stranger()]
  const { _id } = made(await one.calls.create('accounts', one.id, { _id: other.id, access: 2 }))
  for (const { calls } of [one, other]) {
    const list = await calls.list()
    expect(list.map((each) => each._id)).toEqual([_id])
    expect(JSON.parse(JSON.stringify(list))).toMatchObject({ object: 'list', data: [{ _id }], hasMore: false })
    expect(list.data).toBe(list)
  }
  const nameOfOther = other.email.replace('@example.com', '')
  expect(await feed(one, 'unconfirmed')).toEqual([nameOfOther])
  expect(await feed(other, 'pending')).toEqual([one.email.replace('@example.com', '')])
  await other.calls.apply((await other.calls.getToken(_id)) as string)
  expect(await feed(one, 'accepted')).toEqual([nameOfOther])
  expect(await feed(one, 'unconfirmed')).toEqual([])
  await one.calls.delete(_id)
  expect([await feed(one, 'accepted'), await feed(other, 'accepted')]).toEqual([[], []])
})

test('only the target reads an invitation by its token (case 15)', async () => {
  const { _id } = made(await ann.calls.create('documents', document, { _id: chen.id }))
  const token = (await chen.calls.getToken(_id)) as string
  expect(await chen.calls.read(token)).toMatchObject({ _id, token })
  for (const calls of [bo.calls, ann.calls, module.nobody]) {
    expect(await faultOf(calls.read(token))).toBe('invalidArgument.connectionToken')
  }
  await ann.calls.delete(_id)
})

test('only the creator and the target read an invitation by its id (case 16)', async () => {
  const { _id } = made(await ann.calls.create('documents', document, { _id: chen.id }))
  for (const { calls } of [chen, ann]) expect(await calls.read(_id)).toMatchObject({ _id })
  for (const calls of [bo.calls, module.nobody]) {
    await expect(calls.read(_id)).rejects.toMatchObject({ code: 'kAccessDenied' })
  }
  expect(await ann.calls.read(_id)).not.toHaveProperty('token')
  await ann.calls.delete(_id)
})

test('a target declines by the token (case 17)', async () => {
  const [one, other] = [await stranger(), await stranger()]
  const { _id } = made(await one.calls.create('accounts', one.id, { _id: other.id }))
  const token = (await other.calls.getToken(_id)) as string
  expect(await other.calls.delete(token)).toBe(true)
  expect(await faultOf(other.calls.read(token))).toBe('invalidArgument.connectionToken')
  expect([await feed(one, 'unconfirmed'), await feed(other, 'pending')]).toEqual([[], []])
})

test('an id does not work as a token (case 18)', async () => {
  const { _id } = made(await ann.calls.create('documents', document, { _id: chen.id }))
  expect(await faultOf(chen.calls.apply(_id))).toBe('invalidArgument.unspecified token')
  await ann.calls.delete(_id)
})

test('an account applies once it is verified (case 19)', async () => {
  const target = await stranger()
  const { _id } = made(await ann.calls.create('documents', document, { _id: target.id }))
  const token = (await target.calls.getToken(_id)) as string
  await unverify(target.id)
  expect(await faultOf(target.calls.apply(token))).toBe('accessDenied.connectionRequiresVerification')
  await unverify(target.id, true)
  expect(await target.calls.apply(token)).toMatchObject({ _id, state: 1 })
})

test.each(['connections', 'notifications', 'events', 'roles', 'apps'])(
  '%s take no connections (case 20)',
  async (objects) => {
    expect(await faultOf(ann.calls.create(objects, document, { _id: bo.id }))).toBe(
      `accessDenied.connectionsDisabled ${objects.slice(0, -1)}`,
    )
  },
)

test('a caller cannot connect with the own account (case 21)', async () => {
  for (const target of [{ _id: ann.id }, { email: 'ANN@example.com' }]) {
    expect(await faultOf(ann.calls.create('documents', document, target))).toBe('invalidArgument.connectionTarget self')
  }
})

test('a target given twice is connected once, with the higher level (case 22)', async () => {
  const target = await stranger()
  const targets = [7, 2].map((access) => ({ _id: target.id, access }))
  expect(made(await admin.calls.create('documents', document, targets, trusted))).toMatchObject({ access: 7 })
})

test('a missing account refuses the whole call (case 23)', async () => {
  const target = await stranger()
  const missing = [document, '00000000-0000-7000-8000-000000000000']
  const targets = [target.id, ...missing].map((_id) => ({ _id }))
  expect(await faultOf(ann.calls.create('documents', document, targets))).toBe(`notFound.account ${missing.join(',')}`)
  expect(await target.calls.list()).toEqual([])
})

test('a call without targets is refused (case 24)', async () => {
  const call = ann.calls.create('documents', document, undefined as never)
  expect(await faultOf(call)).toBe('invalidArgument.noConnectionTargets targets')
  expect(await faultOf(ann.calls.create('documents', document, []))).toBe('invalidArgument.noConnectionTargets targets')
})

test('a call takes all kinds of options, and ignores an unknown one (case 25)', async () => {
  const target = await stranger()
  const options = { ...forced, skipNotification: true, forceAllowConnections: true, grant: 8 }
  const result = await admin.calls.create('documents', document, { _id: target.id, auto: true }, options)
  expect(made(result)).toMatchObject({ state: 1, access: 2 })
})

test('deleting and creating again changes a role (case 26)', async () => {
  const other = module.addDocument(ann.id)
  await admin.calls.create('documents', other, { _id: bo.id, roles: ['editor'], auto: true }, forced)
  const paths = ['context', 'target']
  const rows = (await admin.calls.list({ where: { context: other }, paths, skipAcl: true })).data
  expect(rows.map((row) => Object.keys(row).sort())).toEqual([['_id', 'context', 'object', 'target']])
  const row = rows.find(({ target }) => target?.account?._id === bo.id)
  await admin.calls.delete(row?._id as string, { skipAcl: true })
  const again = await admin.calls.create('documents', other, { _id: bo.id, roles: ['reviewer'], auto: true }, forced)
  expect(made(again)).toMatchObject({ roles: ['reviewer'] })
})

test('a type may be named in the singular (case 27)', async () => {
  const target = await stranger()
  expect(made(await ann.calls.create('document', document, { _id: target.id })).context.object).toBe('document')
})

test('without an app each target has a fault, but the call does not fail (cases 28, 29)', async () => {
  const { calls } = await module.person('appless', { appKey: null })
  const own = module.addDocument(ann.id)
  const result = await calls.create('documents', own, { _id: bo.id }, { skipAcl: true })
  expect(result).toHaveLength(1)
  const [fault] = result
  expect(fault).toBeInstanceOf(Fault)
  expect([nameOf(fault as Fault), (fault as Fault).target]).toEqual(['invalidArgument.noConnectionApp', { _id: bo.id }])
  expect((result as unknown as Fault).name).toBeUndefined()
  expect(await faultOf(calls.linkTo('documents', own, 4, { skipAcl: true }))).toBe('invalidArgument.noConnectionApp')
  const helped = { skipAcl: true, connectionAppKey: 'connections' }
  expect(await calls.linkTo('documents', own, 4, helped)).toMatchObject({ state: 1, access: 4 })
})

test('the module shows, applies and deletes an invitation of the Atom API (case 30)', async () => {
  const [one, other] = [await stranger(), await stranger()]
  const [nameOfOne, nameOfOther] = [one, other].map(({ email }) => email.replace('@example.com', '')) as [
    string,
    string,
  ]
  expect(await feed(one, 'accepted')).toEqual([])
  const entry = `<entry xmlns="http://www.w3.org/2005/Atom"><category scheme="http://www.ibm.com/xmlns/prod/sn/type"
    term="connection"/><category scheme="http://www.ibm.com/xmlns/prod/sn/status" term="pending"/></entry>`
  const sent = await client.send(`/profiles/atom/connections.do?userid=${nameOfOther}`, {
    method: 'POST',
    as: `${nameOfOne}:colleagues`,
    body: entry,
  })
  expect(sent.status).toBe(201)
  const [seen] = await other.calls.list({ show: 'target', state: 0, objects: 'accounts' })
  expect(seen).toMatchObject({
    context: { _id: one.id },
    creator: { _id: one.id },
    target: { account: { _id: other.id } },
  })
  expect(await faultOf(one.calls.getToken(seen?._id as string))).toBe('accessDenied.connection')
  const token = (await other.calls.getToken(seen?._id as string)) as string
  expect(await other.calls.read(token)).toMatchObject({ _id: seen?._id, token })
  await other.calls.apply(token)
  expect([await feed(one, 'accepted'), await feed(other, 'accepted')]).toEqual([[nameOfOther], [nameOfOne]])
  expect((await one.calls.list({ state: 1 })).map(({ _id }) => _id)).toEqual([seen?._id])
  await other.calls.delete(seen?._id as string)
  expect([await feed(one, 'accepted'), await feed(other, 'accepted')]).toEqual([[], []])
})

test('a link leads to the pages of its app, also after a restart', async () => {
  const { _id, token } = await ann.calls.linkTo('documents', document, 4)
  const url = async () => (await ann.calls.read(_id, { includeUrl: true, skipAcl: true })).url
  expect(await url()).toBe(`https://connections.example/v2/connections/${token}`)
  await module.defineApp('connections', 'https://app.example/')
  await openModule(database)
  expect(await url()).toBe(`https://app.example/connection/${token}`)
})
