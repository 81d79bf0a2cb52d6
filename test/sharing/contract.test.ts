import { freshDatabase, type TestDatabase } from '../support/database.js'
import { faultOf, made, openModule, type Person } from '../support/module.js'

/**
 * Parts of the contract beyond options, faults and cases (docs/module.md, apply; create; linkTo; read; list; delete).
 */

let database: TestDatabase
let module: Awaited<ReturnType<typeof openModule>>
let ann: Person
let bo: Person
beforeAll(async () => {
  database = await freshDatabase()
  module = await openModule(database)
  ann = await module.person('ann')
  bo = await module.person('bo')
})
afterAll(() => database.close())

const invite = (target: unknown, by = ann, options = {}) =>
  by.calls.create('documents', module.addDocument(by.id), target as never, options)
const set = (id: string, values: { state?: 'active' | 'inactive'; verified?: boolean; name?: string }) =>
  database.db.updateTable('account').set(values).where('id', '=', id).execute()

describe('a target', () => {
  test.each([
    [{ _id: 42 }, '42'],
    [{ _id: { toString: 1 } }, 'object'],
    [{ _id: '', email: 'who@example.com' }, 'targets[1]'],
    [{ email: 42 }, '42'],
    [{ email: { toString: 1 } }, 'object'],
    [{ email: `${'a'.repeat(250)}@example.com` }, `${'a'.repeat(250)}@exa`],
    [{ _id: bo, object: 5 }, '5'],
    [{}, 'targets[1]'],
    [new Map([['email', 'who@example.com']]), 'targets[1]'],
    [null, 'targets[1]'],
    [undefined, 'targets[1]'],
    [[], 'targets[1]'],
    [7, 'targets[1]'],
    ['who@example.com', 'targets[1]'],
  ])('%j is refused with its place or its wrong value', async (target, path) => {
    const call = invite([{ email: 'fine@example.com' }, target])
    await expect(call).rejects.toMatchObject({ errCode: 'cortex.invalidArgument.connectionTarget', path })
    if (!path.startsWith('targets'))
      await expect(call).rejects.toHaveProperty('reason', expect.stringMatching(/^targets\[1\]: /))
    expect(await ann.calls.list({ where: { 'target.email': 'fine@example.com' } })).toEqual([])
  })

  test('cannot be the shared account, by id or by address', async () => {
    for (const target of [{ _id: bo.id }, { email: 'BO@example.com' }]) {
      const call = ann.calls.create('accounts', bo.id, target, { skipAcl: true })
      expect(await faultOf(call)).toBe('invalidArgument.connectionTarget self')
    }
  })

  test('given twice has the first name, whole', async () => {
    const email = 'twice@example.com'
    const names = [null, { first: 'Wanda' }, { first: 'Will', last: 'Wu' }]
    const { target } = made(await invite(names.map((name) => ({ email, name }))))
    expect(target?.name).toEqual({ first: 'Wanda', last: null })
  })
})

describe('the name of a target', () => {
  test('is the current name of the account, unless the creator gave a name', async () => {
    const lee = await module.person('lee')
    await set(lee.id, { name: 'Lee Long Last' })
    const { _id, target } = made(await invite({ _id: lee.id }))
    expect(target?.name).toEqual({ first: 'Lee', last: 'Long Last' })
    await set(lee.id, { name: 'Leo Long' })
    expect((await ann.calls.read(_id)).target?.name).toEqual({ first: 'Leo', last: 'Long' })
    const token = await lee.calls.getToken(_id)
    expect((await lee.calls.read(token as string)).target?.name).toEqual({ first: 'Leo', last: 'Long' })
  })

  test('is shown for an address to its owner only', async () => {
    const { _id, target } = made(await invite({ email: bo.email }))
    expect(target).toEqual({ email: bo.email })
    expect((await bo.calls.read(_id)).target).toMatchObject({
      account: { _id: bo.id },
      name: { first: 'bo', last: '' },
    })
  })
})

describe('a link', () => {
  const link = (options: object) => ann.calls.linkTo('documents', module.addDocument(ann.id), 4, options)

  test.each([
    [{ expiresInMs: Number.MAX_SAFE_INTEGER }, 'expiresInMs'],
    [{ expiresInMs: 0 }, 'expiresInMs'],
    [{ expiresInMs: 1.5 }, 'expiresInMs'],
    [{ expiresAt: new Date(8.64e15) }, 'expiresAt'],
    [{ expiresAt: new Date(NaN) }, 'expiresAt'],
    [{ expiresAt: '2999' }, 'expiresAt'],
    [{ expiresAt: '2999-02-30T00:00:00Z' }, 'expiresAt'],
    [{ expiresAt: '2999-01-01T00:00:00' }, 'expiresAt'],
    [{ expiresAt: true }, 'expiresAt'],
  ])('with %j is refused', async (options, path) => {
    expect(await faultOf(link(options))).toBe(`invalidArgument.unspecified ${path}`)
  })

  test('has the requested roles, each once', async () => {
    const roles = ['reviewer', 'editor', 'reviewer']
    expect((await link({ skipAcl: true, roles })).roles).toEqual(['reviewer', 'editor'])
  })

  test('cannot be applied, and unverified callers get another fault', async () => {
    const { token } = await link({})
    const carl = await module.person('carl')
    expect(await faultOf(carl.calls.apply(token as string))).toBe('invalidArgument.unspecified token')
    await set(carl.id, { verified: false })
    expect(await faultOf(carl.calls.apply(token as string))).toBe('accessDenied.connectionRequiresVerification')
  })
})

test('an invitation by an inactive account cannot be applied', async () => {
  const dora = await module.person('dora')
  const { _id } = made(await invite({ _id: bo.id }, dora))
  const token = (await bo.calls.getToken(_id)) as string
  await set(dora.id, { state: 'inactive' })
  expect(await faultOf(bo.calls.apply(token))).toBe('invalidArgument.connectionToken')
  await set(dora.id, { state: 'active' })
  expect(await bo.calls.apply(token)).toMatchObject({ state: 1 })
})

test('a path to a hidden property is refused, and a path to a missing one is not found', async () => {
  const { _id } = made(await invite({ _id: bo.id }))
  const read = (path: string) => faultOf(ann.calls.read(`${_id}/${path}`))
  expect(await ann.calls.read<string>(`${_id}/target/account/name/first`)).toBe('bo')
  expect(await read('target/account/email')).toBe('accessDenied.unspecified target.account.email')
  expect(await read('creator/email')).toBe('accessDenied.unspecified creator.email')
  expect(await read('creator/planet')).toBe('notFound.unspecified creator.planet')
  expect(await read('target/account/name/planet')).toBe('notFound.unspecified target.account.name.planet')
  expect(await read('token')).toBe('notFound.unspecified token')
})

test('a grouping covers the caller’s own connections, or all with skipAcl, and does not group by hidden properties', async () => {
  const [gus, hal] = [await module.person('gus'), await module.person('hal')]
  const document = module.addDocument(gus.id)
  await gus.calls.create('documents', document, [{ _id: bo.id }, { email: 'who@example.com' }])
  await hal.calls.create('documents', document, { _id: bo.id }, { skipAcl: true })
  const group = { _id: 'creator', out: { n: { $count: 1 } } }
  const where = { context: document }
  const counts = async (by: Person, options: object) =>
    Object.fromEntries(
      ((await by.calls.list({ where, group, ...options })) as unknown as { _id: string; n: number }[]).map(
        ({ _id, n }) => [_id, n],
      ),
    )
  expect(await counts(gus, {})).toEqual({ [gus.id]: 2 })
  expect(await counts(ann, {})).toEqual({})
  expect(await counts(ann, { skipAcl: true })).toEqual({ [gus.id]: 2, [hal.id]: 1 })
  expect(await counts(bo, { skipAcl: true, show: 'target' })).toEqual({ [gus.id]: 1, [hal.id]: 1 })
  for (const hidden of ['target.account', 'target.email']) {
    const asked = { group: { _id: hidden }, skipAcl: true }
    expect(await faultOf(ann.calls.list(asked))).toBe('invalidArgument.query _id')
    const counted = { group: { _id: null, out: { n: { $count: `$${hidden}` } } }, skipAcl: true }
    expect(await faultOf(ann.calls.list(counted))).toBe('invalidArgument.query out.n.$count')
  }
})
