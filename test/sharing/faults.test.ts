import { sql } from 'kysely'
import { Fault, type FaultName, faultNames } from '../../src/faults.js'
import { freshDatabase, type TestDatabase } from '../support/database.js'
import { faultOf, made, nameOf, openModule, type Person } from '../support/module.js'

let database: TestDatabase
let module: Awaited<ReturnType<typeof openModule>>
let ann: Person
let bo: Person
let document: string
beforeAll(async () => {
  database = await freshDatabase()
  module = await openModule(database)
  ann = await module.person('ann')
  bo = await module.person('bo')
  document = module.addDocument(ann.id)
})
afterAll(() => database.close())

const create = (targets: unknown, options = {}, by = ann) =>
  by.calls.create('documents', document, targets as never, options)

/** For each option, a call with a value of another kind. */
const ofOptions = (names: readonly string[], call: (options: object) => Promise<unknown>) =>
  Object.fromEntries(names.map((name) => [`invalidArgument.${name}`, () => call({ [name]: 1 })]))

/** A call for each fault of the catalogue (docs/module.md, Faults); `element` throws a fault inside a result. */
const raising: Partial<Record<FaultName, () => Promise<unknown>>> = {
  'accessDenied.notLoggedIn': () => module.nobody.list(),
  'accessDenied.connectionRequiresVerification': async () => {
    const eve = await module.person('eve')
    await database.db.updateTable('account').set({ verified: false }).where('id', '=', eve.id).execute()
    return eve.calls.create('accounts', eve.id, { _id: bo.id })
  },
  'accessDenied.connectionsDisabled': () => ann.calls.linkTo('apps', document, 2),
  'accessDenied.shareAccess': () => create({ _id: ann.id }, {}, bo),
  'accessDenied.shareRoles': async () => {
    const own = module.addDocument(ann.id)
    const forced = { forceAuto: true, skipAcl: true }
    await ann.calls.create('documents', own, { _id: bo.id, access: 5, roles: 'reviewer' }, forced)
    return bo.calls.create('documents', own, { email: 'who@example.com', roles: ['reviewer', 'editor'] })
  },
  'accessDenied.connection': async () => bo.calls.read((await ann.calls.linkTo('documents', document, 2))._id),
  'accessDenied.autoConnectionRequiresAccess': () => create({ _id: bo.id, auto: true }, { forceAuto: true }),
  'accessDenied.scope': () =>
    module.connectionsFor({ accountId: ann.id, scope: ['read'] }).linkTo('documents', document),
  'accessDenied.unspecified': async () => {
    const { token } = await ann.calls.linkTo('documents', document, 2)
    return bo.calls.read(`${token}/context/body`)
  },
  'invalidArgument.object': () => ann.calls.create('planets', document, { _id: bo.id }),
  'invalidArgument.connectionTarget': () => create({ email: 'no address' }),
  'invalidArgument.noConnectionTargets': () => create([]),
  'invalidArgument.autoConnectionRequiresId': () =>
    create({ email: 'who@example.com', auto: true }, { forceAuto: true }),
  'invalidArgument.requireConnectionAccept': () => create({ _id: bo.id, auto: true }),
  'invalidArgument.noConnectionApp': () =>
    module.connectionsFor({ accountId: ann.id, appKey: null }).linkTo('documents', document),
  'invalidArgument.connectionToken': () => ann.calls.apply('x'.repeat(32)),
  'invalidArgument.access': () => create({ _id: bo.id, access: 'READ' }),
  'invalidArgument.grant': () => module.connectionsFor({ accountId: ann.id, grant: 'READ' as never }).list(),
  'invalidArgument.roles': () => create({ _id: bo.id, roles: ['editors'] }),
  'invalidArgument.usesRemaining': () => ann.calls.linkTo('documents', document, 2, { usesRemaining: 0 }),
  'invalidArgument.name': () => create({ _id: bo.id, name: 'Bo' }),
  'invalidArgument.auto': () => create({ _id: bo.id, auto: 'true' }),
  'invalidArgument.connectionAppKey': () => create({ _id: bo.id }, { connectionAppKey: 'a\0' }),
  ...ofOptions(['skipAcl', 'forceAuto', 'skipNotification', 'skipNotifications', 'forceAllowConnections'], (options) =>
    create({ _id: bo.id }, options),
  ),
  ...ofOptions(['skipAccountTest', 'includeToken', 'includeUrl', 'includeKey'], (options) =>
    ann.calls.read(document, options),
  ),
  ...ofOptions(['paths', 'include', 'expand', 'objects'], (options) => ann.calls.list(options)),
  'invalidArgument.query': () => ann.calls.list({ where: { token: 'x' } }),
  'invalidArgument.unspecified': () => ann.calls.list({ limit: 'ten' as never }),
  'notFound.instance': () => ann.calls.create('documents', bo.id, { _id: bo.id }),
  'notFound.account': () => create({ _id: document }),
  'notFound.unspecified': () => ann.calls.read(document),
  'conflict.connectionExists': async () => {
    const target = { _id: (await module.person('carl')).id, auto: true }
    await create(target, { forceAuto: true, skipAcl: true })
    return element(await create(target, { forceAuto: true, skipAcl: true }))
  },
  'tooLarge.connectionTargets': async () => {
    const targets: { _id: string }[] = []
    for (let at = 0; at < 101; at++) targets.push({ _id: (await module.person(`many${at}`)).id })
    return create(targets)
  },
  'throttled.connectionInvitations': async () => {
    const { id, calls } = await module.person('spammer')
    const own = module.addDocument(id)
    const addresses = Array.from({ length: 101 }, (_, at) => ({ email: `spam${at}@example.com` }))
    const result = await calls.create('documents', own, addresses, { skipNotification: true })
    expect(result.slice(0, 100).filter((each) => each instanceof Fault)).toEqual([])
    return element(result.slice(100))
  },
  'unsupportedOperation.unspecified': () => ann.calls.list({ pipeline: [] } as never),
}

/** Throws the fault of the only target in a result. */
function element([only]: readonly unknown[]): void {
  expect((only as Fault).target).toBeDefined()
  throw only as Error
}

test('every fault, except those of the server itself, is raised here', () => {
  const ofServer = ['error.unspecified', 'throttled.unspecified', 'tooLarge.unspecified']
  expect(Object.keys(raising).sort()).toEqual(faultNames.filter((name) => !ofServer.includes(name)).sort())
})

test.each(Object.entries(raising))('a call raises %s', async (name, raise) => {
  expect((await faultOf(raise())).split(' ')[0]).toBe(name)
})

test.each([[undefined], [null], ['a text'], [404], [{}]])(
  'a load that throws %p raises a fault of the server',
  async (thrown) => {
    const plural = `throwing_${faults++}`
    module.defineObject({ name: `${plural}_one`, plural, load: () => Promise.reject(thrown as Error), properties: {} })
    expect(await faultOf(ann.calls.linkTo(plural, 'x', 4))).toBe('error.unspecified')
  },
)
let faults = 0

describe('a fault', () => {
  test('has a form for any transport', () => {
    const fault = new Fault('conflict.connectionExists', { path: 'x', target: { _id: 'y' } })
    expect(JSON.parse(JSON.stringify(fault))).toEqual({
      object: 'fault',
      name: 'error',
      code: 'kExists',
      errCode: 'cortex.conflict.connectionExists',
      status: 409,
      message: 'A connection with this target already exists.',
      path: 'x',
      target: { _id: 'y' },
    })
    expect(fault).toBeInstanceOf(Error)
    expect(nameOf(fault)).toBe('conflict.connectionExists x')
  })

  test('of one target does not affect the others', async () => {
    const [carl, dora] = [await module.person('carl2'), await module.person('dora')]
    const own = module.addDocument(ann.id)
    const auto = { forceAuto: true, skipAcl: true }
    await ann.calls.create('documents', own, { _id: carl.id, auto: true }, auto)
    const [conflict, fresh] = await ann.calls.create('documents', own, [{ _id: carl.id }, { _id: dora.id }])
    expect([nameOf(conflict as Fault), (conflict as Fault).target]).toEqual([
      'conflict.connectionExists',
      { _id: carl.id },
    ])
    expect(made([fresh as never]).target?.account?._id).toBe(dora.id)
  })
})

describe('e-mails', () => {
  const lettersTo = async ({ id }: Person) =>
    (await database.db.selectFrom('outbox').select('id').where('recipient_id', '=', id).execute()).length

  test('are limited to fifty an hour per creator, except without notification or with skipAcl', async () => {
    const writer = await module.person('writer')
    const readers = await Promise.all(Array.from({ length: 54 }, (_, at) => module.person(`reader${at}`)))
    const [first, last, silent, forced] = [readers[0], ...readers.slice(-3)] as [Person, Person, Person, Person]
    const invite = (people: readonly Person[], options = {}) =>
      writer.calls.create(
        'accounts',
        writer.id,
        people.map(({ id }) => ({ _id: id })),
        options,
      )
    const result = await invite(readers.slice(0, 51))
    expect(result.slice(0, 50).filter((each) => each instanceof Fault)).toEqual([])
    expect(result[50]).toMatchObject({
      errCode: 'cortex.throttled.connectionInvitations',
      target: { _id: readers[50]?.id },
    })
    expect(await invite([last])).toMatchObject([{ errCode: 'cortex.throttled.connectionInvitations' }])
    expect(made(await invite([silent], { skipNotification: true })).state).toBe(0)
    expect(made(await invite([forced], { skipAcl: true })).state).toBe(0)
    await database.db
      .updateTable('connection')
      .set({ mailed_at: sql<Date>`mailed_at - interval '25 hours'` })
      .where('creator_id', '=', writer.id)
      .execute()
    expect(made(await invite([first], { skipNotification: false })).state).toBe(0)
    expect(await Promise.all([first, last, silent, forced].map(lettersTo))).toEqual([1, 0, 0, 1])
    await database.db
      .updateTable('outbox')
      .set({ created_at: sql<Date>`created_at - interval '1 hour'` })
      .where('creator_id', '=', writer.id)
      .execute()
    expect(made(await invite([last])).state).toBe(0)
  })

  test('to addresses, and about withdrawn invitations, count', async () => {
    const { id, calls } = await module.person('hasty')
    const own = module.addDocument(id)
    const invite = (count: number) =>
      calls.create(
        'documents',
        own,
        Array.from({ length: count }, (_, at) => ({ email: `hasty${at}@example.com` })),
      )
    for (const each of await invite(50)) await calls.delete(made([each])._id)
    expect(await invite(1)).toMatchObject([{ errCode: 'cortex.throttled.connectionInvitations' }])
  })

  test('to one target are limited to one in 24 hours, even for renewed invitations', async () => {
    const [one, other] = [await module.person('one'), await module.person('other')]
    const invite = async (access: number) =>
      made(await one.calls.create('accounts', one.id, { _id: other.id, access: access as never }))
    const [{ _id }, again] = [await invite(2), await invite(4)]
    expect([again._id, again.access, await lettersTo(other)]).toEqual([_id, 4, 1])
    const mailed = (age: string) =>
      database.db
        .updateTable('connection')
        .set({ mailed_at: sql<Date>`clock_timestamp() - ${age}::interval` })
        .where('id', '=', _id)
        .execute()
    await mailed('23 hours')
    await invite(4)
    expect(await lettersTo(other)).toBe(1)
    await mailed('25 hours')
    await invite(4)
    expect(await lettersTo(other)).toBe(2)
  })
})
