import connections from '../../src/index.js'
import { type Answer, type Client, type Sending, startClient } from '../support/client.js'
import { freshDatabase, type TestDatabase } from '../support/database.js'
import { made, openModule, type Person } from '../support/module.js'
import { addPerson, signInSecret } from '../support/world.js'

/** The loading of a type of object; a test may make it fail. */
let loading: () => Promise<unknown> = () => Promise.resolve()

let database: TestDatabase
let module: Awaited<ReturnType<typeof openModule>>
let client: Client
const people: Record<string, Person> = {}
let document: string

beforeAll(async () => {
  database = await freshDatabase()
  module = await openModule(database)
  client = await startClient(database.db, {}, undefined, undefined, module.world)
  for (const name of ['ann', 'bo', 'chen']) {
    const id = await addPerson(database.db, name, { password: signInSecret })
    people[name] = { id, email: `${name}@example.com`, calls: module.connectionsFor({ accountId: id }) }
  }
  document = module.addDocument(person('ann').id)
  module.defineObject({
    name: 'plan',
    plural: 'plans',
    load: async (ids) => {
      await loading()
      return ids.map((_id) => ({ _id }))
    },
    owner: () => person('ann').id,
    properties: {},
  })
})
afterAll(async () => {
  await client.close()
  await database.close()
})

const person = (name: string) => people[name] as Person

interface Json {
  [name: string]: unknown
}

async function json(path: string, options: Sending = {}): Promise<{ status: number; body: Json; answer: Answer }> {
  const answer = await client.send(path, options)
  expect(answer.headers).toMatchObject({
    'content-type': 'application/json;charset=UTF-8',
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'content-length': String(answer.body.length),
  })
  return { status: answer.status, body: JSON.parse(answer.text) as Json, answer }
}

const as = (name: string): Sending => ({ as: `${name}:colleagues` })

const create = (name: string, path: string, targets: unknown, more: object = {}) =>
  json(path, { ...as(name), method: 'POST', body: JSON.stringify({ targets, ...more }) })

const fault = ({ status, body }: { status: number; body: Json }) =>
  [status, String(body['errCode']).replace('cortex.', ''), body['path']].filter((part) => part !== undefined)

test('a connection is invited, listed, read, applied and deleted', async () => {
  const [ann, bo] = [person('ann'), person('bo')]
  const invited = await create('ann', `/v2/accounts/${ann.id}/connections`, [{ _id: bo.id, access: 2 }])
  expect(invited).toMatchObject({
    status: 200,
    body: { object: 'list', data: [{ object: 'connection', state: 0, access: 2 }], hasMore: false },
  })
  const [{ _id }] = invited.body['data'] as [{ _id: string }]
  const list = await json('/v2/connections?show=target&state=0&objects=accounts&expand=creator', as('bo'))
  expect(list.body).toMatchObject({
    object: 'list',
    hasMore: false,
    data: [{ _id, creator: { name: { first: 'ann' } } }],
  })
  const [{ token }] = list.body['data'] as [{ token: string }]
  expect(await json(`/v2/connections/${_id}`, as('ann'))).toMatchObject({ status: 200, body: { _id } })
  expect((await json(`/v2/connections/${token}/context/name/first`, as('bo'))).body).toEqual({
    object: 'result',
    data: 'ann',
  })
  const byNobody = await json(`/v2/connections/${token}/context/name?expand=context`)
  expect(fault(byNobody)).toEqual([400, 'invalidArgument.connectionToken'])
  expect(await json(`/v2/connections/${token}`, { ...as('bo'), method: 'POST' })).toMatchObject({
    status: 200,
    body: { _id, state: 1 },
  })
  const again = await json(`/v2/connections/${token}`, { ...as('bo'), method: 'POST' })
  expect(fault(again)).toEqual([400, 'invalidArgument.connectionToken'])
  const deleted = await json(`/v2/connections/${_id}`, { ...as('ann'), method: 'DELETE' })
  expect(deleted).toMatchObject({ status: 200, body: { object: 'result', data: true } })
  expect(fault(await json(`/v2/connections/${_id}`, as('ann')))).toEqual([404, 'notFound.unspecified', _id])
})

test('a list is queried, paged and projected', async () => {
  const own = module.addDocument(person('ann').id)
  for (const at of [1, 2, 3]) await person('ann').calls.create('documents', own, { email: `q${at}@example.com` })
  const where = encodeURIComponent(JSON.stringify({ context: own }))
  const page = await json(`/v2/connections?where=${where}&limit=2&paths=target.email`, as('ann'))
  expect(page.body).toMatchObject({ hasMore: true, data: [{ target: { email: 'q1@example.com' } }, {}] })
  const [, { _id }] = page.body['data'] as [Json, { _id: string }]
  const rest = await json(`/v2/connections?where=${where}&startingAfter=${_id}`, as('ann'))
  expect(rest.body).toMatchObject({ hasMore: false, data: [{ target: { email: 'q3@example.com' } }] })
  const group = encodeURIComponent(JSON.stringify({ _id: null, out: { n: { $count: 1 } } }))
  const counted = await json(`/v2/connections?where=${where}&group=${group}`, as('ann'))
  expect(counted.body).toEqual({ object: 'list', data: [{ n: 3 }], hasMore: false })
})

test('a parameter takes one value, and a list takes several by commas or repetition', async () => {
  const { _id } = made(await person('ann').calls.create('documents', document, { _id: person('bo').id }))
  const picked = { _id, object: 'connection', state: 0, access: 2 }
  for (const query of ['paths=state,access', 'paths=state&paths=access', 'paths=state,,access&unknown=1&limit=1']) {
    expect((await json(`/v2/connections/${_id}?${query}`, as('ann'))).body).toEqual(picked)
  }
  for (const sort of ['_id', '%22_id%22', '%7B%22_id%22:1%7D', '']) {
    expect((await json(`/v2/connections?sort=${sort}&limit=1&limit=1`, as('bo'))).status).toBe(200)
  }
  for (const name of ['limit', 'where', 'show', 'startingAfter']) {
    const twice = await json(`/v2/connections?${name}=1&${name}=2`, as('ann'))
    expect(fault(twice)).toEqual([400, 'invalidArgument.unspecified', name])
  }
  await person('ann').calls.delete(_id)
})

test('module calls during a request act for its caller', async () => {
  const seen: string[][] = []
  loading = async () =>
    void seen.push((await connections.list({ show: 'creator' })).map(({ creator }) => String(creator._id)))
  const plan = '0198c0de-0000-7000-8000-000000000001'
  const { status, body } = await create('ann', `/v2/plans/${plan}/connections`, [{ _id: person('bo').id }])
  loading = () => Promise.resolve()
  expect(status).toBe(200)
  expect(new Set(seen.flat())).toEqual(new Set([person('ann').id]))
  const [{ _id }] = body['data'] as [{ _id: string }]
  const { detail } = await database.db
    .selectFrom('connection_event')
    .select('detail')
    .where('connection_id', '=', _id)
    .executeTakeFirstOrThrow()
  const lines = client.logged().map((line) => JSON.parse(line) as Json)
  expect(lines).toContainEqual(
    expect.objectContaining({
      id: (detail as { request?: string } | null)?.request,
      route: '/v2/:objects/:id/connections',
      account: person('ann').id,
    }),
  )
})

describe('a link', () => {
  test('is read by any caller once per use, and HEAD costs no use', async () => {
    const { token } = await person('ann').calls.linkTo('documents', document, 4, { usesRemaining: 2 })
    const head = await client.send(`/v2/connections/${token}`, { method: 'HEAD' })
    expect([head.status, head.headers.allow]).toEqual([405, 'GET, POST, DELETE, OPTIONS'])
    expect((await json(`/v2/connections/${token}/context/body`)).body).toEqual({ object: 'result', data: 'We meet.' })
    expect((await json(`/v2/connections/${token}`)).body).toMatchObject({ usesRemaining: 0 })
    expect(fault(await json(`/v2/connections/${token}`))).toEqual([400, 'invalidArgument.connectionToken'])
  })

  test('costs no use for a refused read', async () => {
    const { token } = await person('ann').calls.linkTo('documents', document, 4, { usesRemaining: 1 })
    expect(fault(await json(`/v2/connections/${token}/context/notes`))).toEqual([
      403,
      'accessDenied.unspecified',
      'context.notes',
    ])
    expect((await json(`/v2/connections/${token}`)).status).toBe(200)
  })
})

test('an id does not work as a token, nor a token as an id', async () => {
  const invitation = made(await person('ann').calls.create('documents', document, { _id: person('bo').id }))
  const applied = await json(`/v2/connections/${invitation._id}`, { ...as('bo'), method: 'POST' })
  expect(fault(applied)).toEqual([400, 'invalidArgument.object', 'connections'])
  const token = (await person('bo').calls.getToken(invitation._id)) as string
  expect(fault(await json(`/v2/connections?startingAfter=${token}`, as('bo')))).toEqual([
    400,
    'invalidArgument.unspecified',
    'startingAfter',
  ])
  expect(fault(await json(`/v2/connections/${invitation._id}`, as('chen')))).toEqual([403, 'accessDenied.connection'])
  for (const method of ['GET', 'DELETE']) {
    const byNobody = await json(`/v2/connections/${invitation._id}`, { method })
    expect(fault(byNobody)).toEqual([401, 'accessDenied.notLoggedIn'])
  }
  const where = encodeURIComponent(JSON.stringify({ _id: token }))
  expect(fault(await json(`/v2/connections?where=${where}`, as('bo')))).toEqual([400, 'invalidArgument.query', '_id'])
  const shared = await create('ann', `/v2/documents/${token}/connections`, [{ _id: person('bo').id }])
  expect(fault(shared)).toEqual([404, 'notFound.instance', token])
  const wanted = await create('ann', `/v2/documents/${document}/connections`, [{ _id: token }])
  expect(fault(wanted)).toEqual([400, 'invalidArgument.connectionTarget', token])
  expect(await person('ann').calls.read(invitation._id)).toMatchObject({ state: 0 })
  await person('ann').calls.delete(invitation._id)
})

describe('a request cannot gain a privilege (Z6)', () => {
  const privileges = {
    skipAcl: true,
    forceAuto: true,
    skipNotification: true,
    skipAccountTest: true,
    forceAllowConnections: true,
    includeToken: true,
    grant: 9,
  }
  const headers = Object.fromEntries(Object.entries(privileges).map(([name, value]) => [name, String(value)]))
  const query = new URLSearchParams(headers).toString()
  const everywhere = { ...privileges, options: privileges, privileges }

  const ways = Object.entries({ ...privileges, skipNotifications: true, includeUrl: true, includeKey: true }).flatMap(
    ([name, value]) => ['query', 'form', 'JSON', 'target', 'header'].map((way) => [name, way, value] as const),
  )
  test.each(ways)('by %s as %s', async (name, way, value) => {
    const target = { _id: person('bo').id, access: 2, ...(way === 'target' && { [name]: value }) }
    const targets = JSON.stringify({ targets: [target], ...(way === 'JSON' && { [name]: value }) })
    const sending = {
      ...as('chen'),
      method: 'POST',
      headers: {
        'content-type': way === 'form' ? 'application/x-www-form-urlencoded' : 'application/json',
        ...(way === 'header' && { [name]: String(value) }),
      },
      body: way === 'form' ? `${name}=${value}&targets=${encodeURIComponent(targets)}` : targets,
    }
    const search = way === 'query' ? `?${name}=${value}` : ''
    const closed = await json(`/v2/events/${document}/connections${search}`, sending)
    const others = await json(`/v2/documents/${document}/connections${search}`, sending)
    const own = await json(`/v2/accounts/${person('chen').id}/connections${search}`, sending)
    if (way === 'form') {
      const refused = [400, 'invalidArgument.unspecified']
      expect([closed, others, own].map(fault)).toEqual([refused, refused, refused])
    } else {
      expect(fault(closed)).toEqual([403, 'accessDenied.connectionsDisabled', 'event'])
      expect(fault(others)).toEqual([403, 'accessDenied.shareAccess', person('chen').id])
      expect(own.status).toBe(200)
      const [{ _id, ...more }] = own.body['data'] as [{ _id: string }]
      for (const hidden of ['token', 'url', 'appKey']) expect(more).not.toHaveProperty(hidden)
      const letters = await database.db.selectFrom('outbox').select('payload').execute()
      expect(letters.map(({ payload }) => payload)).toContainEqual({ connectionId: _id })
      await person('chen').calls.delete(_id)
    }
  })

  test('for objects of others', async () => {
    const path = `/v2/documents/${document}/connections?${query}`
    const body = JSON.stringify({ targets: [{ _id: person('bo').id, ...privileges }], ...everywhere })
    const answer = await json(path, { ...as('chen'), method: 'POST', headers, body })
    expect(fault(answer)).toEqual([403, 'accessDenied.shareAccess', person('chen').id])
  })

  test('for a connection at once', async () => {
    const path = `/v2/documents/${document}/connections?${query}`
    const answer = await create('ann', path, [{ _id: person('bo').id, auto: true }], everywhere)
    expect(fault(answer)).toEqual([400, 'invalidArgument.requireConnectionAccept', 'document'])
  })

  test('for a type without connections', async () => {
    const answer = await create(
      'ann',
      `/v2/events/${document}/connections?${query}`,
      [{ _id: person('bo').id }],
      everywhere,
    )
    expect(fault(answer)).toEqual([403, 'accessDenied.connectionsDisabled', 'event'])
  })

  test('for connections of others', async () => {
    const invitation = made(await person('ann').calls.create('documents', document, { _id: person('bo').id }))
    const token = (await person('bo').calls.getToken(invitation._id)) as string
    const body = JSON.stringify(everywhere)
    const chen = { ...as('chen'), headers: { ...headers, 'content-length': String(body.length) }, body }
    expect(fault(await json(`/v2/connections/${invitation._id}?${query}`, chen))).toEqual([
      403,
      'accessDenied.connection',
    ])
    expect(fault(await json(`/v2/connections/${token}?${query}`, chen))).toEqual([
      400,
      'invalidArgument.connectionToken',
    ])
    expect((await json(`/v2/connections?${query}`, chen)).body['data']).toEqual([])
    for (const method of ['POST', 'DELETE']) {
      const answer = await json(`/v2/connections/${token}?${query}`, { ...chen, method })
      expect(fault(answer)).toEqual([400, 'invalidArgument.connectionToken'])
    }
    const unseen = await json(`/v2/connections/${invitation._id}?${query}`, { ...as('ann'), headers })
    expect(unseen.body).not.toHaveProperty('token')
    await person('ann').calls.delete(invitation._id)
  })

  test('for a missing verification', async () => {
    const { token } = await person('ann').calls.linkTo('documents', document, 4)
    const verify = (verified: boolean) =>
      database.db.updateTable('account').set({ verified }).where('id', '=', person('chen').id).execute()
    await verify(false)
    const answer = await json(`/v2/connections/${token}?${query}`, { ...as('chen'), headers })
    await verify(true)
    expect(fault(answer)).toEqual([403, 'accessDenied.connectionRequiresVerification'])
  })
})

describe('faults', () => {
  test('an anonymous request is 401 with a challenge', async () => {
    for (const options of [{}, as('nobody'), { as: 'ann:wrong' }]) {
      const refused = await json('/v2/connections', options)
      expect(fault(refused)).toEqual([401, 'accessDenied.notLoggedIn'])
      expect(refused.answer.headers['www-authenticate']).toBe('Basic realm="connections", charset="UTF-8"')
    }
  })

  test('a fault names the wrong part of a request', async () => {
    const ann = as('ann')
    const path = `/v2/documents/${document}/connections`
    expect(fault(await json('/v2/connections?where={', ann))).toEqual([400, 'invalidArgument.query', 'where'])
    expect(fault(await json('/v2/connections?limit=ten', ann))).toEqual([400, 'invalidArgument.unspecified', 'limit'])
    expect(fault(await json('/v2/connections?show=all', ann))).toEqual([400, 'invalidArgument.unspecified', 'show'])
    expect(fault(await json('/v2/connections/x', ann))).toEqual([400, 'invalidArgument.unspecified', 'tokenOrId'])
    expect(fault(await json(path, { ...ann, method: 'POST', body: '{' }))).toEqual([400, 'invalidArgument.unspecified'])
    expect(fault(await json(path, { ...ann, method: 'POST', body: '[]' }))).toEqual([
      400,
      'invalidArgument.unspecified',
    ])
    expect(fault(await json(path, { ...ann, method: 'POST', body: '{}' }))).toEqual([
      400,
      'invalidArgument.noConnectionTargets',
      'targets',
    ])
    expect(fault(await json(path, { ...ann, method: 'POST', body: `"${'x'.repeat(70_000)}"` }))).toEqual([
      413,
      'tooLarge.unspecified',
    ])
    expect(fault(await json('/v2/elsewhere', ann))).toEqual([404, 'notFound.unspecified'])
  })

  test('malformed text is refused', async () => {
    const ann = as('ann')
    for (const path of ['/v2/connections/%FF', '/v2/%E0%A4/x/connections', '/v2/connections?where=%', '/v2/%']) {
      expect(fault(await json(path, ann))).toEqual([400, 'invalidArgument.unspecified'])
    }
    for (const text of ['a\0', '\ud800', 'Ann\r\nBcc: all@example.com']) {
      const path = `/v2/documents/${document}/connections`
      const named = await create('ann', path, [{ email: 'dora@example.com', name: { first: text } }])
      expect(fault(named)).toEqual([400, 'invalidArgument.name', 'targets[0].name.first'])
      const having = await create('ann', path, [{ email: 'dora@example.com', roles: [text] }])
      expect(fault(having)).toEqual([400, 'invalidArgument.roles', 'targets[0].roles[0]'])
    }
    const headers = { authorization: ['Basic YTpi', 'Basic YTpi'] }
    expect(fault(await json('/v2/connections', { headers }))).toEqual([400, 'invalidArgument.unspecified'])
  })

  test('an unavailable database is 503, and an unexpected error is 500', async () => {
    const path = '/v2/plans/0198c0de-0000-7000-8000-000000000002/connections'
    const failing = async (error: Error) => {
      loading = () => Promise.reject(error)
      const answer = await create('ann', path, [{ _id: person('bo').id }])
      loading = () => Promise.resolve()
      return answer
    }
    const expected = {
      object: 'fault',
      name: 'error',
      code: 'kError',
      errCode: 'cortex.error.unspecified',
      message: 'The server could not complete the request.',
    }
    const away = await failing(Object.assign(new Error('hunter2 is away'), { code: 'ECONNREFUSED' }))
    expect([away.status, away.body, away.answer.headers['retry-after']]).toEqual([
      503,
      { ...expected, status: 503 },
      '1',
    ])
    const broken = await failing(new Error('hunter2 is broken'))
    expect([broken.status, broken.body]).toEqual([500, { ...expected, status: 500 }])
    expect(client.logged().filter((line) => line.includes('hunter2 is broken'))).toHaveLength(1)
  })

  test('a fault of a target is an element of the list', async () => {
    const own = module.addDocument(person('ann').id)
    const path = `/v2/documents/${own}/connections`
    const target = { _id: person('bo').id }
    await create('ann', path, [target])
    await person('bo').calls.apply((await person('bo').calls.list({ where: { context: own } }))[0]?.token as string)
    expect((await create('ann', path, [target])).body['data']).toMatchObject([
      { object: 'fault', errCode: 'cortex.conflict.connectionExists', status: 409, target },
    ])
  })

  test('more than a hundred targets are refused', async () => {
    const path = `/v2/documents/${document}/connections`
    const many = (count: number) => Array.from({ length: count }, () => ({ email: 'x@example.com' }))
    expect(fault(await create('ann', path, many(101)))).toEqual([413, 'tooLarge.connectionTargets', '101'])
    expect((await create('ann', path, many(100))).status).toBe(200)
  })

  test('a page of another site changes nothing', async () => {
    const headers = { 'sec-fetch-site': 'cross-site' }
    const path = `/v2/documents/${document}/connections`
    const answer = await json(path, { ...as('ann'), method: 'POST', headers, body: '{}' })
    expect(fault(answer)).toEqual([403, 'accessDenied.unspecified'])
  })

  test('connections take no connections', async () => {
    const link = await person('ann').calls.linkTo('documents', document, 4)
    const answer = await create('ann', `/v2/connections/${link._id}/connections`, [{ _id: person('bo').id }])
    expect(fault(answer)).toEqual([403, 'accessDenied.connectionsDisabled', 'connection'])
  })

  test('OPTIONS lists the methods of an address, and others are 405', async () => {
    const answer = await client.send('/v2/connections', { method: 'OPTIONS' })
    expect([answer.status, answer.headers.allow]).toEqual([204, 'GET, OPTIONS'])
    expect(fault(await json('/v2/connections', { ...as('ann'), method: 'PUT' }))).toEqual([
      405,
      'unsupportedOperation.unspecified',
    ])
  })
})

test('the log has the route, also of refused requests, but no id or token', async () => {
  const { token, _id } = await person('ann').calls.linkTo('documents', document, 4)
  const before = client.logged().length
  const asked = ['/v2/connections', `/v2/connections/${token}`, `/v2/connections/${_id}/context/body`, '/v2/nowhere']
  for (const path of asked) await client.send(path)
  const lines = client.logged().slice(before)
  const requests = lines.map((line) => JSON.parse(line) as Json).filter(({ msg }) => msg === 'request')
  expect(requests.map(({ route, status }) => [route, status])).toEqual([
    ['/v2/connections', 401],
    ['/v2/connections/:id', 200],
    ['/v2/connections/:id/*path', 401],
    [undefined, 404],
  ])
  expect(lines.join()).not.toMatch(new RegExp(`${token}|${_id}`))
})
