import { sql } from 'kysely'
import { freshDatabase, type TestDatabase } from '../support/database.js'
import { faultOf, made, openModule, type Person } from '../support/module.js'

/** The roles that a caller may give to a target or a link (docs/module.md, Granted level). */

let database: TestDatabase
let module: Awaited<ReturnType<typeof openModule>>
let ann: Person
let bo: Person
let chen: Person
let document: string
const forced = { forceAuto: true, skipAcl: true }
beforeAll(async () => {
  database = await freshDatabase()
  module = await openModule(database)
  ann = await module.person('ann')
  bo = await module.person('bo')
  chen = await module.person('chen')
  document = module.addDocument(ann.id)
  // Bo may share the document, has one role on it, and another role everywhere.
  await database.db
    .updateTable('account')
    .set({ roles: ['reviewer'] })
    .where('id', '=', bo.id)
    .execute()
  await ann.calls.create('documents', document, { _id: bo.id, access: 5, roles: 'editor' }, forced)
})
afterAll(() => database.close())

const address = (at: number) => ({ email: `target${at}@example.com` })

/** The number of rows of each table that a call may write. */
async function stored(): Promise<unknown> {
  const { rows } = await sql`
    select (select count(*) from connection) as connections, (select count(*) from connection_event) as events,
      (select count(*) from outbox) as letters`.execute(database.db)
  return rows[0]
}

describe('the owner', () => {
  test('gives any role of an object', async () => {
    const roles = ['editor', 'reviewer']
    expect(made(await ann.calls.create('documents', document, { ...address(1), roles }))).toMatchObject({
      access: 2,
      roles,
    })
    const link = await ann.calls.linkTo('documents', document, 1, { roles })
    expect(link).toMatchObject({ access: 2, roles })
    expect(await module.nobody.read<string>(`${link.token}/context/notes`)).toBe('Not yet.')
  })

  test('gives any role of the own account', async () => {
    const { roles } = made(await ann.calls.create('accounts', ann.id, { ...address(2), roles: 'editor' }))
    expect(roles).toEqual(['editor'])
  })
})

describe('a caller with share access', () => {
  test('gives a role of a connection', async () => {
    const { roles } = made(await bo.calls.create('documents', document, { ...address(3), roles: 'editor' }))
    expect(roles).toEqual(['editor'])
    expect((await bo.calls.linkTo('documents', document, 2, { roles: ['editor'] })).roles).toEqual(['editor'])
  })

  test.each([
    ['targets[2].roles[1]', () => [address(4), address(5), { ...address(6), roles: ['editor', 'reviewer'] }]],
    ['targets[0].roles[0]', () => ({ _id: chen.id, roles: 'reviewer' })],
    [
      'targets[1].roles[0]',
      () => [address(7), { ...address(8), roles: ['reviewer'] }, { ...address(8), roles: ['reviewer'] }],
    ],
  ])('does not give another role, not even one of the own account: %s', async (path, targets) => {
    const before = await stored()
    const call = bo.calls.create('documents', document, targets())
    expect(await faultOf(call)).toBe(`accessDenied.shareRoles ${path}`)
    expect(await stored()).toEqual(before)
  })

  test('does not give another role by a link', async () => {
    const before = await stored()
    const call = bo.calls.linkTo('documents', document, 2, { roles: ['editor', 'reviewer'] })
    expect(await faultOf(call)).toBe('accessDenied.shareRoles roles[1]')
    expect(await stored()).toEqual(before)
  })

  test('does not give a role by a granted level', async () => {
    const trusted = module.connectionsFor({ accountId: chen.id, grant: 'delete' })
    expect(await faultOf(trusted.create('documents', document, { ...address(9), roles: 'editor' }))).toBe(
      'accessDenied.shareRoles targets[0].roles[0]',
    )
  })

  test('gives any role with skipAcl', async () => {
    const result = await chen.calls.create(
      'documents',
      document,
      { ...address(10), roles: 'reviewer' },
      { skipAcl: true },
    )
    expect(made(result).roles).toEqual(['reviewer'])
  })
})

test('the access list and the share list of a type give roles', async () => {
  const load = (ids: readonly string[]) => Promise.resolve(ids.map((_id) => ({ _id })))
  const acl = [
    { type: 'account', target: 'signed-in', allow: 'share' },
    { type: 'account', target: 'signed-in', role: 'editor' },
  ] as const
  const shareAcl = [
    { type: 'access', target: 'share', role: 'reviewer' },
    { type: 'access', target: 'share', allow: 'public' },
  ] as const
  module.defineObject({ name: 'page', plural: 'pages', load, properties: {}, acl })
  module.defineObject({ name: 'site', plural: 'sites', load, properties: {}, acl, shareAcl })
  const giving = async (objects: string, role: string) => {
    const call = chen.calls.create(objects, document, { email: `${role}@example.com`, roles: role })
    return faultOf(call.then((result) => expect(made(result).roles).toEqual([role])))
  }
  const refused = 'accessDenied.shareRoles targets[0].roles[0]'
  expect([await giving('pages', 'editor'), await giving('pages', 'reviewer')]).toEqual(['none', refused])
  expect([await giving('sites', 'reviewer'), await giving('sites', 'editor')]).toEqual(['none', refused])
})

test.each([
  ['targets[1].roles[1]', [address(11), { ...address(12), roles: ['editor', 'Editor'] }]],
  ['targets[0].roles[0]', { ...address(13), roles: '' }],
  ['targets[0].roles[0]', { ...address(14), roles: [null] }],
  ['targets[0].roles[0]', { ...address(14), roles: 7 }],
  ['targets[0].roles[1]', { ...address(15), roles: ['editor', { id: 'reviewer' }] }],
])('an unknown role is a fault, also with skipAcl: %s', async (path, targets) => {
  const before = await stored()
  for (const options of [{}, { skipAcl: true }]) {
    const call = ann.calls.create('documents', document, targets as never, options)
    expect(await faultOf(call)).toBe(`invalidArgument.roles ${path}`)
  }
  expect(await stored()).toEqual(before)
})

test.each([
  ['roles[0]', 'unknown'],
  ['roles[1]', ['editor', 'unknown']],
])('an unknown role of a link is a fault: %s', async (path, roles) => {
  expect(await faultOf(ann.calls.linkTo('documents', document, 2, { roles }))).toBe(`invalidArgument.roles ${path}`)
})
