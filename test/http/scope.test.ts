import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import express, { type ErrorRequestHandler } from 'express'
import { pino } from 'pino'
import { readConfig } from '../../src/config.js'
import { callerScope } from '../../src/http/app.js'
import connections from '../../src/index.js'
import { baseUrl, type Send, sendTo } from '../support/client.js'
import { freshDatabase, type TestDatabase } from '../support/database.js'
import { openModule } from '../support/module.js'
import { addPerson, signInSecret } from '../support/world.js'

/** Routes of an application that call the module for the signed-in user. */

let database: TestDatabase
let server: Server
let send: Send
let ann: string

beforeAll(async () => {
  database = await freshDatabase()
  const { world } = await openModule(database)
  ann = await addPerson(database.db, 'ann', { password: signInSecret })
  await addPerson(database.db, 'bo', { password: signInSecret })
  const context = {
    db: database.db,
    config: readConfig({}),
    baseUrl,
    log: pino({ level: 'silent' }),
    release: '',
    sessionKeys: ['-'],
  }
  const application = express()
  application.get('/outside', async (_request, response) => void response.json(await connections.list()))
  application.use((_request, response, next) => {
    response.locals['requestId'] = 'a1b2'
    next()
  })
  application.use(callerScope({ ...context, now: () => new Date() }, world))
  application.use(express.json())
  application.get('/mine', async (_request, response) => {
    await wait(1)
    response.json(await connections.list())
  })
  application.post('/invite', async (request, response) => {
    const { email } = request.body as { email: string }
    response.json(await connections.create('accounts', ann, { email }))
  })
  const told: ErrorRequestHandler = (fault: { status: number; errCode: string }, _request, response, next) => {
    if (response.headersSent) return next(fault)
    response.status(fault.status).send(fault.errCode)
  }
  application.use(told)
  server = createServer(application)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  send = sendTo((server.address() as AddressInfo).port)
})
afterAll(async () => {
  await new Promise((resolve) => server.close(resolve))
  await database.close()
})

const invite = (as: string, headers: Record<string, string> = {}) =>
  send('/invite', {
    method: 'POST',
    as,
    headers: { 'Content-Type': 'application/json', ...headers },
    body: JSON.stringify({ email: 'who@example.com' }),
  })

test('the module acts for the signed-in user, also behind a body parser', async () => {
  const invited = await invite('ann:colleagues')
  expect(invited.status).toBe(200)
  const [made] = JSON.parse(invited.text) as { _id: string }[]
  expect(made).toMatchObject({ creator: { _id: ann }, target: { email: 'who@example.com' } })
  const [mine, others] = await Promise.all(['ann', 'bo'].map((name) => send('/mine', { as: `${name}:colleagues` })))
  expect(JSON.parse(mine?.text ?? '')).toMatchObject({ data: [{ _id: made?._id }] })
  expect(JSON.parse(others?.text ?? '')).toMatchObject({ data: [] })
  expect([(await invite('bo:colleagues')).text]).toEqual(['cortex.accessDenied.shareAccess'])
  const event = await database.db.selectFrom('connection_event').select('detail').executeTakeFirstOrThrow()
  expect(event.detail).toMatchObject({ request: 'a1b2' })
})

test('a call without credentials, or before the middleware, is not logged in', async () => {
  for (const path of ['/mine', '/outside']) {
    expect([path, (await send(path)).text]).toEqual([path, 'cortex.accessDenied.notLoggedIn'])
  }
})

test('wrong credentials are refused before the route', async () => {
  const { status, headers, text } = await send('/mine', { as: 'ann:wrong' })
  expect([status, headers['www-authenticate']]).toEqual([401, expect.stringMatching(/^Basic realm=/)])
  expect(JSON.parse(text)).toMatchObject({ object: 'fault', errCode: 'cortex.accessDenied.notLoggedIn' })
})

test('a page of another site changes nothing', async () => {
  const { status, text } = await invite('ann:colleagues', { 'Sec-Fetch-Site': 'cross-site' })
  expect([status, JSON.parse(text)]).toMatchObject([403, { errCode: 'cortex.accessDenied.unspecified' }])
  expect((await invite('ann:colleagues', { Origin: baseUrl })).status).toBe(200)
})
