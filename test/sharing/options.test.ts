import type { Connection } from '../../src/index.js'
import { freshDatabase, type TestDatabase } from '../support/database.js'
import { faultOf, made, openModule, type Person } from '../support/module.js'

let database: TestDatabase
let module: Awaited<ReturnType<typeof openModule>>
let ann: Person
let bo: Person
let chen: Person
beforeAll(async () => {
  database = await freshDatabase()
  module = await openModule(database)
  ann = await module.person('ann')
  bo = await module.person('bo')
  chen = await module.person('chen')
})
afterAll(() => database.close())

/** A new document of Ann without connections. */
const fresh = () => module.addDocument(ann.id)
const invite = async (target: object = { _id: bo.id }, options = {}, id = fresh()) =>
  made(await ann.calls.create('documents', id, target, options))
const appless = () => module.connectionsFor({ accountId: ann.id, appKey: null })
const lettersTo = async ({ id }: Person) =>
  (await database.db.selectFrom('outbox').select('id').where('recipient_id', '=', id).execute()).length

/** Every option (docs/module.md, Calling), with a check that fails if the option is ignored. */
const options: Record<string, () => Promise<void>> = {
  'apply skipAcl': async () => {
    const id = fresh()
    const { _id } = await invite({ _id: bo.id }, {}, id)
    const token = (await bo.calls.getToken(_id)) as string
    expect(await faultOf(chen.calls.apply(token))).toBe('invalidArgument.connectionToken')
    expect(await chen.calls.apply(token, { skipAcl: true })).toMatchObject({
      state: 1,
      target: { account: { _id: bo.id } },
    })
    expect(await bo.calls.list({ where: { context: id } })).toHaveLength(1)
    expect(await chen.calls.list({ where: { context: id } })).toEqual([])
  },
  'create targets _id': async () => {
    expect((await invite({ _id: bo.id })).target?.account?._id).toBe(bo.id)
  },
  'create targets email': async () => {
    const { target } = await invite({ email: ' BO@example.com' })
    expect(target).toEqual({ email: 'bo@example.com' })
  },
  'create targets access': async () => {
    expect([(await invite({ _id: bo.id, access: 4 })).access, (await invite()).access]).toEqual([4, 2])
  },
  'create targets roles': async () => {
    for (const roles of ['editor', ['editor', 'editor']]) {
      expect((await invite({ _id: bo.id, roles })).roles).toEqual(['editor'])
    }
    expect(await faultOf(invite({ _id: bo.id, roles: ['editor', 'unknown'] }))).toBe(
      'invalidArgument.roles targets[0].roles[1]',
    )
  },
  'create skipAcl': async () => {
    const id = fresh()
    expect(await faultOf(bo.calls.create('documents', id, { _id: chen.id }))).toMatch(/^accessDenied.shareAccess/)
    const skipping = await bo.calls.create('documents', id, { _id: chen.id, access: 7 }, { skipAcl: true })
    expect(made(skipping).access).toBe(7)
  },
  'create forceAuto': async () => {
    const target = { _id: bo.id, auto: true }
    expect(await faultOf(invite(target, { skipAcl: true }))).toMatch(/^invalidArgument.requireConnectionAccept/)
    const forced = { skipAcl: true, forceAuto: true }
    expect((await invite(target, forced)).state).toBe(1)
    expect((await invite({ _id: bo.id }, forced)).state).toBe(1)
    expect((await invite({ email: bo.email }, forced)).state).toBe(0)
  },
  'create skipNotification': async () => {
    const [silent, told] = [await module.person('silent'), await module.person('told')]
    await ann.calls.create('accounts', ann.id, { _id: silent.id }, { skipNotification: true })
    await ann.calls.create('accounts', ann.id, { _id: told.id })
    expect([await lettersTo(silent), await lettersTo(told)]).toEqual([0, 1])
    await ann.calls.create('accounts', ann.id, { _id: told.id })
    expect(await lettersTo(told)).toBe(1)
  },
  'create skipNotifications': async () => {
    const silent = await module.person('quiet')
    await ann.calls.create('accounts', ann.id, { _id: silent.id }, { skipNotifications: true } as object)
    expect(await lettersTo(silent)).toBe(0)
  },
  'create targets name': async () => {
    const { target } = await invite({ email: 'who@example.com', name: { first: 'Wanda', last: null } })
    expect(target?.name).toEqual({ first: 'Wanda', last: null })
    expect(await faultOf(invite({ _id: bo.id, name: { first: 'two\nlines' } }))).toBe(
      'invalidArgument.name targets[0].name.first',
    )
  },
  'create targets auto': async () => {
    const options = { skipAcl: true, forceAuto: true }
    expect((await invite({ _id: bo.id, auto: true }, options)).state).toBe(1)
    expect((await invite({ _id: bo.id, auto: false }, options)).state).toBe(0)
  },
  'create targets object': async () => {
    expect((await invite({ _id: bo.id, object: 'accounts' })).state).toBe(0)
    expect(await faultOf(invite({ _id: bo.id, object: 'team' }))).toBe('invalidArgument.connectionTarget team')
  },
  'create connectionAppKey': async () => {
    const make = (connectionAppKey: string) =>
      appless().create('documents', fresh(), { _id: bo.id }, { connectionAppKey })
    expect(made(await make('connections')).state).toBe(0)
    expect(await make('nobody’s')).toMatchObject([{ errCode: 'cortex.invalidArgument.noConnectionApp' }])
  },
  'create forceAllowConnections': async () => {
    const create = (forceAllowConnections: boolean) =>
      ann.calls.create('closed', ann.id, { _id: bo.id }, { forceAllowConnections })
    expect(await faultOf(create(false))).toBe('accessDenied.connectionsDisabled closed')
    expect(made(await create(true)).context.object).toBe('closed')
  },
  'linkTo skipAcl': async () => {
    const id = fresh()
    expect(await faultOf(bo.calls.linkTo('documents', id, 4))).toMatch(/^accessDenied.shareAccess/)
    expect((await bo.calls.linkTo('documents', id, 4, { skipAcl: true })).access).toBe(4)
  },
  'linkTo expiresInMs': async () => {
    const { expiresAt, created } = await ann.calls.linkTo('documents', fresh(), 4, { expiresInMs: 60_000 })
    expect(Number(expiresAt) - Number(created)).toBe(60_000)
    expect(await faultOf(ann.calls.linkTo('documents', fresh(), 4, { expiresInMs: -1 }))).toBe(
      'invalidArgument.unspecified expiresInMs',
    )
    expect(await ann.calls.linkTo('documents', fresh(), 4)).not.toHaveProperty('expiresAt')
  },
  'linkTo expiresAt': async () => {
    const expiresAt = new Date(Date.now() + 3_600_000)
    for (const given of [expiresAt, expiresAt.toISOString(), expiresAt.getTime()]) {
      const link = await ann.calls.linkTo('documents', fresh(), 4, { expiresAt: given, expiresInMs: 1000 })
      expect(link.expiresAt).toEqual(expiresAt)
    }
    const past = new Date(Date.now() - 3_600_000)
    expect(await faultOf(ann.calls.linkTo('documents', fresh(), 4, { expiresAt: past }))).toBe(
      'invalidArgument.unspecified expiresAt',
    )
  },
  'linkTo usesRemaining': async () => {
    const link = (usesRemaining: number) => ann.calls.linkTo('documents', fresh(), 4, { usesRemaining })
    expect([(await link(3)).usesRemaining, (await link(1_000_000)).usesRemaining]).toEqual([3, 1_000_000])
    for (const wrong of [0, 1_000_001]) {
      expect(await faultOf(link(wrong))).toBe('invalidArgument.usesRemaining usesRemaining')
    }
    expect(await ann.calls.linkTo('documents', fresh(), 4)).not.toHaveProperty('usesRemaining')
  },
  'linkTo connectionAppKey': async () => {
    expect(await faultOf(appless().linkTo('documents', fresh(), 4))).toBe('invalidArgument.noConnectionApp')
    const link = await appless().linkTo('documents', fresh(), 4, { connectionAppKey: 'connections' })
    expect(link.state).toBe(1)
  },
  'linkTo forceAllowConnections': async () => {
    expect(await faultOf(ann.calls.linkTo('closed', ann.id, 4))).toBe('accessDenied.connectionsDisabled closed')
    expect((await ann.calls.linkTo('closed', ann.id, 4, { forceAllowConnections: true })).state).toBe(1)
  },
  'linkTo roles': async () => {
    const link = await ann.calls.linkTo('documents', fresh(), 2, { skipAcl: true, roles: ['editor'] })
    expect(await module.nobody.read<string>(`${link.token}/context/notes`)).toBe('Not yet.')
    const bare = await ann.calls.linkTo('documents', fresh(), 2, { skipAcl: true })
    expect(await faultOf(module.nobody.read(`${bare.token}/context/notes`))).toMatch(/^accessDenied.unspecified/)
  },
  'list paths': async () => {
    const id = fresh()
    await invite({ _id: bo.id }, {}, id)
    const [row] = await ann.calls.list({ where: { context: id }, paths: ['access', 'context.object'] })
    expect(row).toEqual({ _id: expect.any(String), object: 'connection', access: 2, context: { object: 'document' } })
  },
  'list include': async () => {
    const id = fresh()
    await invite({ _id: bo.id }, {}, id)
    const list = (include: string[]) => ann.calls.list({ where: { context: id }, include })
    expect((await list(['context.scan']))[0]?.context).toMatchObject({ title: 'Plan', scan: 'PNG' })
    expect((await list([]))[0]?.context).not.toHaveProperty('title')
  },
  'list expand': async () => {
    const id = fresh()
    await invite({ _id: bo.id }, {}, id)
    const [row] = await ann.calls.list({ where: { context: id }, expand: ['context', 'creator', 'target.account'] })
    expect(row?.context).toMatchObject({ title: 'Plan', body: 'We meet.' })
    expect(row?.context).not.toHaveProperty('scan')
    expect(row?.creator).toEqual({
      _id: ann.id,
      object: 'account',
      path: `/accounts/${ann.id}`,
      name: { first: 'ann', last: '', display: 'ann' },
      image: expect.stringContaining('photo.do'),
    })
    expect(row?.target?.account).toMatchObject({ name: { first: 'bo' } })
    expect(row?.target?.account).not.toHaveProperty('email')
    const [seen] = await bo.calls.list({ where: { context: id }, expand: ['context'] })
    expect(seen?.context).toMatchObject({ title: 'Plan' })
    expect(seen?.context).not.toHaveProperty('body')
  },
  'list skip': async () => {
    const all = await ann.calls.list()
    expect(ids(await ann.calls.list({ skip: 2 }))).toEqual(ids(all.slice(2)))
    expect(await faultOf(ann.calls.list({ skip: 10_001 }))).toBe('invalidArgument.unspecified skip')
  },
  'list limit': async () => {
    const all = await ann.calls.list({ limit: 1000 })
    const page = await ann.calls.list({ limit: 2 })
    expect([ids(page), page.hasMore]).toEqual([ids(all.slice(0, 2)), true])
    expect(await ann.calls.list({ limit: 0 })).toHaveLength(1)
    expect(ids(await ann.calls.list({ limit: 5000 }))).toEqual(ids(all))
  },
  'list where': async () => {
    const links = await ann.calls.list({ where: { 'target.email': null, usesRemaining: { $gte: 1 } } })
    expect(links.length).toBeGreaterThan(0)
    expect(links.every(({ usesRemaining }) => (usesRemaining ?? 0) >= 1)).toBe(true)
    expect(links.length).toBeLessThan((await ann.calls.list({ limit: 1000 })).length)
  },
  'list map': async () => {
    const [row] = await ann.calls.list({ map: { access: 1, of: '$context.object' }, limit: 1 })
    expect(Object.keys(row as object).sort()).toEqual(['access', 'of'])
    expect((await ann.calls.list({ limit: 1 }))[0]).toHaveProperty('_id')
  },
  'list sort': async () => {
    const up = await ann.calls.list({ sort: { created: 1 }, limit: 1000 })
    const down = await ann.calls.list({ sort: { created: -1, _id: -1 }, limit: 1000 })
    expect(ids(down)).toEqual(ids(up).reverse())
  },
  'list group': async () => {
    const groups = (await ann.calls.list({ group: { _id: 'state', out: { n: { $count: 1 } } } })) as unknown as {
      _id: number
      n: number
    }[]
    const all = await ann.calls.list({ limit: 1000 })
    for (const state of [0, 1]) {
      expect(groups.find(({ _id }) => _id === state)?.n).toBe(all.filter((each) => each.state === state).length)
    }
  },
  'list skipAcl': async () => {
    const id = fresh()
    const { _id } = await invite({ _id: bo.id }, {}, id)
    expect(ids(await chen.calls.list({ where: { context: id } }))).toEqual([])
    expect(ids(await chen.calls.list({ where: { context: id }, skipAcl: true }))).toEqual([_id])
  },
  'list show': async () => {
    const one = await invite({ _id: bo.id })
    const other = made(await bo.calls.create('accounts', bo.id, { _id: chen.id }))
    const [made_, asked] = [await bo.calls.list({ show: 'creator' }), await bo.calls.list({ show: 'target' })]
    expect(ids(made_)).toContain(other._id)
    expect(ids(made_)).not.toContain(one._id)
    expect(ids(asked)).toContain(one._id)
    expect(ids(asked)).not.toContain(other._id)
  },
  'list state': async () => {
    const id = fresh()
    const { _id } = await invite({ _id: bo.id }, {}, id)
    const link = await ann.calls.linkTo('documents', id, 4)
    const list = async (state: 0 | 1) => ids(await ann.calls.list({ where: { context: id }, state }))
    expect([await list(0), await list(1)]).toEqual([[_id], [link._id]])
    expect(await faultOf(ann.calls.list({ state: 2 as never }))).toBe('invalidArgument.unspecified state')
  },
  'list objects': async () => {
    const dora = await module.person('dora')
    const { _id } = made(await dora.calls.create('accounts', dora.id, { _id: bo.id }))
    const list = async (objects: string | string[]) => ids(await dora.calls.list({ objects }))
    expect(await Promise.all([list('account'), list(['accounts', 'orgs']), list('documents')])).toEqual([
      [_id],
      [_id],
      [],
    ])
    expect(await faultOf(list('planets'))).toBe('notFound.unspecified planets')
  },
  'list startingAfter': async () => {
    const all = ids(await ann.calls.list({ limit: 1000 }))
    expect(ids(await ann.calls.list({ startingAfter: all[1] as string, limit: 2 }))).toEqual(all.slice(2, 4))
    expect(await faultOf(ann.calls.list({ startingAfter: all[1] as string, sort: 'created' }))).toBe(
      'invalidArgument.unspecified startingAfter',
    )
  },
  'list endingBefore': async () => {
    const all = ids(await ann.calls.list({ limit: 1000 }))
    const page = await ann.calls.list({ endingBefore: all[4] as string, limit: 2 })
    expect([ids(page), page.hasMore]).toEqual([all.slice(2, 4), true])
  },
  'list pipeline': async () => {
    expect(await faultOf(ann.calls.list({ pipeline: [] } as object))).toBe('unsupportedOperation.unspecified pipeline')
    expect(await faultOf(ann.calls.list({ pipeline: null } as object))).toBe('none')
  },
  'read paths': async () => {
    const { _id } = await invite()
    expect(await ann.calls.read(_id, { paths: ['state'] })).toEqual({ _id, object: 'connection', state: 0 })
  },
  'read include': async () => {
    const { _id } = await invite()
    const read = await ann.calls.read(_id, { include: ['context.scan'] })
    expect(read.context).toMatchObject({ scan: 'PNG' })
    expect(await ann.calls.read<string>(`${_id}.context.scan`)).toBe('PNG')
    expect((await ann.calls.read(_id)).context).not.toHaveProperty('scan')
  },
  'read expand': async () => {
    const { _id } = await invite()
    expect((await ann.calls.read(_id, { expand: ['context'] })).context).toMatchObject({ body: 'We meet.' })
    expect((await ann.calls.read(_id)).context).not.toHaveProperty('body')
  },
  'read skipAcl': async () => {
    const { _id } = await invite()
    expect(await faultOf(chen.calls.read(_id))).toBe('accessDenied.connection')
    const read = await chen.calls.read(_id, { skipAcl: true, includeToken: true, includeKey: true, includeUrl: true })
    expect(read).toMatchObject({ _id, appKey: 'connections' })
    expect(read.url).toBe(`https://connections.example/v2/connections/${read.token}`)
  },
  'read includeToken': async () => {
    const { _id } = await invite()
    const read = (includeToken: boolean) => chen.calls.read(_id, { skipAcl: true, includeToken })
    expect((await read(true)).token).toBe(await bo.calls.getToken(_id))
    expect(await read(false)).not.toHaveProperty('token')
    expect(await ann.calls.read(_id, { includeToken: true })).not.toHaveProperty('token')
  },
  'read includeUrl': async () => {
    const { _id } = await invite()
    const token = await bo.calls.getToken(_id)
    expect((await bo.calls.read(_id, { includeUrl: true })).url).toBe(
      `https://connections.example/v2/connections/${token}`,
    )
    expect(await bo.calls.read(_id)).not.toHaveProperty('url')
    expect(await ann.calls.read(_id, { includeUrl: true })).not.toHaveProperty('url')
  },
  'read includeKey': async () => {
    const { _id } = await invite()
    expect((await bo.calls.read(_id, { includeKey: true })).appKey).toBe('connections')
    expect(await bo.calls.read(_id)).not.toHaveProperty('appKey')
    expect(await ann.calls.read(_id, { includeKey: true })).not.toHaveProperty('appKey')
  },
  'read skipAccountTest': async () => {
    const { token } = await ann.calls.linkTo('documents', fresh(), 4)
    const eve = await module.person('eve')
    await database.db.updateTable('account').set({ verified: false }).where('id', '=', eve.id).execute()
    expect(await faultOf(eve.calls.read(token as string))).toBe('accessDenied.connectionRequiresVerification')
    expect(await eve.calls.read(token as string, { skipAccountTest: true })).toMatchObject({ token })
    const { _id } = await invite({ _id: eve.id })
    for (const options of [{}, { skipAcl: true }]) {
      expect(await faultOf(eve.calls.read(_id, options))).toBe('accessDenied.connectionRequiresVerification')
    }
    expect(await eve.calls.read(_id, { skipAccountTest: true })).toMatchObject({ _id })
  },
  'delete skipAcl': async () => {
    const { _id } = await invite()
    expect(await faultOf(chen.calls.delete(_id))).toBe('accessDenied.connection')
    expect(await chen.calls.delete(_id, { skipAcl: true })).toBe(true)
  },
}

const ids = (list: readonly Connection[]) => list.map(({ _id }) => _id)

beforeAll(() => {
  module.defineObject({
    name: 'closed',
    plural: 'closeds',
    load: (all) => Promise.resolve(all.map((_id) => ({ _id }))),
    owner: ({ _id }) => _id,
    properties: {},
    allowConnections: false,
  })
})

test('every option has a test', () => {
  const projection = ['paths', 'include', 'expand']
  const target = ['_id', 'email', 'access', 'roles'].map((name) => `targets ${name}`)
  const seed = {
    apply: ['skipAcl'],
    create: [...target, 'skipAcl', 'forceAuto', 'skipNotification', 'connectionAppKey', 'forceAllowConnections'],
    linkTo: [
      ...['skipAcl', 'expiresInMs', 'expiresAt', 'usesRemaining', 'connectionAppKey', 'forceAllowConnections'],
      'roles',
    ],
    list: [...projection, 'skip', 'limit', 'where', 'map', 'sort', 'group', 'skipAcl', 'show'],
    read: [...projection, 'skipAcl', 'skipAccountTest'],
    delete: ['skipAcl'],
  }
  const reference = {
    create: ['skipNotifications', 'targets name', 'targets auto', 'targets object'],
    list: ['state', 'objects', 'startingAfter', 'endingBefore', 'pipeline'],
    read: ['includeToken', 'includeUrl', 'includeKey'],
  }
  const lines = [seed, reference].flatMap((document) =>
    Object.entries(document).flatMap(([verb, names]) => names.map((name) => `${verb} ${name}`)),
  )
  expect(Object.keys(options).sort()).toEqual(lines.sort())
})

test.each([
  [{ scopes: ['read'] }, 'scopes', 'scopes is not a privilege. Did you mean scope?'],
  [{ skipACL: true }, 'skipACL', 'skipACL is not a privilege. Did you mean skipAcl?'],
  [{ limit: 4 }, 'limit', 'limit is not a privilege. The privileges are skipAcl, grant, scope, appKey, requestId.'],
])('the unknown privilege in %j is refused at every call', async (privileges: object, path, reason) => {
  const fault = { errCode: 'cortex.invalidArgument.unspecified', path, reason }
  const calls = module.connectionsFor({ accountId: ann.id, ...privileges })
  const { _id } = await invite()
  for (const call of [calls.list(), calls.read(_id), calls.create('accounts', ann.id, { _id: bo.id })]) {
    await expect(call).rejects.toMatchObject(fault)
  }
  await expect(
    module.runAs(ann.id, privileges, (caller) => module.connectionsFor(caller).list()),
  ).rejects.toMatchObject(fault)
})

test.each(Object.entries(options))('the option %s has its effect', (_name, check) => check())
