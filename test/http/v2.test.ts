import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { type Answer, type Client, type Sending, startClient } from '../support/client.js'
import { freshDatabase, type TestDatabase } from '../support/database.js'
import { made, openModule, type Person } from '../support/module.js'
import { addPerson, signInSecret } from '../support/world.js'

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

test('invited, listed, read, applied, deleted', async () => {
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
  expect((await json(`/v2/connections/${token}/context/name?expand=context`)).body).toMatchObject({ first: 'ann' })
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

describe('a link', () => {
  test('is read by anybody, once for each use; looking for it with HEAD costs none', async () => {
    const { token } = await person('ann').calls.linkTo('documents', document, 4, { usesRemaining: 2 })
    const head = await client.send(`/v2/connections/${token}`, { method: 'HEAD' })
    expect([head.status, head.headers.allow]).toEqual([405, 'GET, POST, DELETE, OPTIONS'])
    expect((await json(`/v2/connections/${token}/context/body`)).body).toEqual({ object: 'result', data: 'We meet.' })
    expect((await json(`/v2/connections/${token}`)).body).toMatchObject({ usesRemaining: 0 })
    expect(fault(await json(`/v2/connections/${token}`))).toEqual([400, 'invalidArgument.connectionToken'])
  })

  test('costs nothing where what is asked for may not be seen', async () => {
    const { token } = await person('ann').calls.linkTo('documents', document, 4, { usesRemaining: 1 })
    expect(fault(await json(`/v2/connections/${token}/context/notes`))).toEqual([
      403,
      'accessDenied.unspecified',
      'context.notes',
    ])
    expect((await json(`/v2/connections/${token}`)).status).toBe(200)
  })
})

test('an id is no token, and a token no id', async () => {
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
  await person('ann').calls.delete(invitation._id)
})

describe('no privilege comes from a request (trust, Z6)', () => {
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

  test('to share what is not one’s own', async () => {
    const path = `/v2/documents/${document}/connections?${query}`
    const body = JSON.stringify({ targets: [{ _id: person('bo').id, ...privileges }], ...everywhere })
    const answer = await json(path, { ...as('chen'), method: 'POST', headers, body })
    expect(fault(answer)).toEqual([403, 'accessDenied.shareAccess', person('chen').id])
  })

  test('to connect at once', async () => {
    const path = `/v2/documents/${document}/connections?${query}`
    const answer = await create('ann', path, [{ _id: person('bo').id, auto: true }], everywhere)
    expect(fault(answer)).toEqual([400, 'invalidArgument.requireConnectionAccept', 'document'])
  })

  test('to connect what takes no connections', async () => {
    const answer = await create(
      'ann',
      `/v2/events/${document}/connections?${query}`,
      [{ _id: person('bo').id }],
      everywhere,
    )
    expect(fault(answer)).toEqual([403, 'accessDenied.connectionsDisabled', 'event'])
  })

  test('to read, list, apply or delete what is others’', async () => {
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

  test('to go without verification', async () => {
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
  test('nobody is asked to sign in', async () => {
    for (const options of [{}, as('nobody'), { as: 'ann:wrong' }]) {
      const refused = await json('/v2/connections', options)
      expect(fault(refused)).toEqual([401, 'accessDenied.notLoggedIn'])
      expect(refused.answer.headers['www-authenticate']).toMatch(/^Basic /)
    }
  })

  test('what is wrong with a request is named', async () => {
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
    expect(fault(await json(path, { ...ann, method: 'POST', body: `"${'x'.repeat(70_000)}"` }))[0]).toBe(413)
    expect(fault(await json('/v2/elsewhere', ann))).toEqual([404, 'notFound.unspecified'])
  })

  test('faults of targets stand in the list', async () => {
    const own = module.addDocument(person('ann').id)
    const path = `/v2/documents/${own}/connections`
    const target = { _id: person('bo').id }
    await create('ann', path, [target])
    await person('bo').calls.apply((await person('bo').calls.list({ where: { context: own } }))[0]?.token as string)
    expect((await create('ann', path, [target])).body['data']).toMatchObject([
      { object: 'fault', errCode: 'cortex.conflict.connectionExists', status: 409, target },
    ])
  })

  test('a page of another site changes nothing', async () => {
    const headers = { 'sec-fetch-site': 'cross-site' }
    const path = `/v2/documents/${document}/connections`
    const answer = await json(path, { ...as('ann'), method: 'POST', headers, body: '{}' })
    expect(fault(answer)).toEqual([403, 'accessDenied.unspecified'])
  })

  test('an address says what it takes', async () => {
    const answer = await client.send('/v2/connections', { method: 'OPTIONS' })
    expect([answer.status, answer.headers.allow]).toEqual([204, 'GET, OPTIONS'])
    expect(fault(await json('/v2/connections', { ...as('ann'), method: 'PUT' }))).toEqual([
      405,
      'unsupportedOperation.unspecified',
    ])
  })
})
