import type { IncomingMessage, RequestListener, Server } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import fc from 'fast-check'
import { pino } from 'pino'
import { readConfig } from '../../../src/config.js'
import { createApp } from '../../../src/http/app.js'
import { type Answer, baseUrl, type Send, type Sending, sendTo } from '../../support/client.js'
import { freshDatabase, type TestDatabase } from '../../support/database.js'
import { dial } from '../../support/dial.js'
import { openVisitor, signIn } from '../../support/visitor.js'
import { addPerson, connect, signInSecret } from '../../support/world.js'

/** No client can tell whether a request went through Express. */

let database: TestDatabase
beforeAll(async () => {
  database = await freshDatabase()
  const [ann, bo] = [
    await addPerson(database.db, 'ann', { password: signInSecret }),
    await addPerson(database.db, 'bo', { password: signInSecret }),
  ]
  await connect(database.db, ann, bo, 'accepted', { message: 'Hello' })
})
const servers: Server[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve))
})
afterAll(() => database.close())

interface Log {
  readonly msg: string
  readonly [name: string]: unknown
}

function appWith(settings: Record<string, string>) {
  const logged: Log[] = []
  const config = readConfig({ BASE_URL: baseUrl, ANONYMOUS_PER_MINUTE: '1000000', ...settings })
  const log = pino({ level: 'debug' }, { write: (line: string) => void logged.push(JSON.parse(line) as Log) })
  const now = new Date(Date.now() + 86_400_000)
  const context = { db: database.db, config, baseUrl, sessionKeys: ['a key of tests'], log, release: 'test' }
  return { app: createApp({ ...context, now: () => now, loopDelay: () => 0 }), logged }
}

async function serve(app: RequestListener, before?: (request: IncomingMessage) => void): Promise<Send> {
  const server = createServer()
  if (before) server.on('request', before)
  server.on('request', app)
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return sendTo((server.address() as AddressInfo).port)
}

const shownOf = ({ status, headers, body }: Answer) => ({ status, headers: { ...headers, date: '' }, body })
const list = '/profiles/atom/connections.do?connectionType=colleague'
const basic = (user: string, password = 'colleagues') => ({
  authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
})

/** Asks a server with FAST=on and one with FAST=off, whose app is mounted in the same way. */
async function both(
  requests: readonly (readonly [path: string, sending: Sending])[],
  mount: (app: ReturnType<typeof createApp>) => RequestListener = (app) => app,
): Promise<Answer[]> {
  const [fast, plain] = [
    await serve(mount(appWith({ FAST: 'on' }).app)),
    await serve(mount(appWith({ FAST: 'off' }).app)),
  ]
  const answers: Answer[] = []
  for (const [path, sending] of requests) {
    const expected = await plain(path, sending)
    for (let time = 0; time < 3; time++) {
      expect({ path, sending, ...shownOf(await fast(path, sending)) }).toEqual({ path, sending, ...shownOf(expected) })
    }
    answers.push(expected)
  }
  return answers
}

/** Requests of all kinds, with their statuses. */
const requests: readonly (readonly [status: number, path: string, sending: Sending])[] = [
  [200, `${list}&userid=ann`, {}],
  [200, `${list}&userid=ann`, { method: 'HEAD' }],
  [200, list, { as: 'ann:colleagues' }],
  [200, `${list}&userid=ann`, { headers: { accept: 'text/html' } }],
  [200, `${list}&userid=ann`, { headers: { cookie: 'theme=dark' } }],
  [401, list, { headers: { cookie: 'connections.sid=unknown' } }],
  [200, list, { as: 'ann:colleagues', headers: { cookie: 'connections.sid=unknown' } }],
  [200, `${list}&userid=ann`, { headers: { 'content-length': '6' }, body: 'a body' }],
  [200, `${list}&userid=ann`, { headers: { 'transfer-encoding': 'chunked' }, body: 'a body' }],
  [200, `${list}&userid=ann`, { headers: { 'content-length': '0' } }],
  [200, `${list}&userid=ann`, { headers: { expect: '100-continue' } }],
  [200, `http://elsewhere.example${list}&userid=ann`, {}],
  [204, list, { method: 'OPTIONS' }],
  [405, '/live', { method: 'DELETE', as: 'ann:colleagues' }],
  [404, '/nowhere', {}],
  [404, '/%', {}],
  [404, '/profiles//', {}],
  [400, `${list}&userid=%ff`, {}],
  [414, `${list}&x=${'y'.repeat(5_000)}`, {}],
  [401, list, {}],
  [403, `${list}&userid=bo&status=pending`, { as: 'ann:colleagues' }],
  [303, '/', {}],
]
const asked = requests.map(([, path, sending]) => [path, sending] as const)

test('a request has the same answer with and without Express', async () => {
  const answers = await both(asked)
  expect(answers.map(({ status }) => status)).toEqual(requests.map(([status]) => status))
})

test('a session has the same answers with and without Express', async () => {
  const plain = await serve(appWith({ FAST: 'off' }).app)
  const browser = openVisitor(plain)
  expect((await signIn(browser, 'ann')).status).toBe(303)
  const cookie = String(browser.cookie())
  const answers = await both([
    [list, { headers: { cookie } }],
    [`${list}&inclMessage=true`, { headers: { cookie, accept: 'text/html' } }],
    ['/profiles/html/profileView.do?userid=bo', { headers: { cookie } }],
    [list, { headers: { cookie }, as: 'bo:colleagues' }],
  ])
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200])
  // A server with short cuts opens and ends sessions too.
  const fast = openVisitor(await serve(appWith({ FAST: 'on' }).app))
  expect((await signIn(fast, 'ann')).status).toBe(303)
  expect((await fast.send(list)).status).toBe(200)
  expect((await fast.post('/profiles/html/signOut.do', {})).status).toBe(303)
  expect((await fast.send(list)).status).toBe(401)
})

test('only simple reads pass by Express', async () => {
  const { app } = appWith({ FAST: 'on' })
  const send = await serve(app)
  const handled = jest.spyOn(Object.getPrototypeOf(app) as { handle: (...parameters: unknown[]) => void }, 'handle')
  const usesExpress = async (sending: Sending) => {
    handled.mockClear()
    await send(`${list}&userid=ann`, sending)
    return handled.mock.calls.length === 1
  }
  expect([
    await usesExpress({}),
    await usesExpress({ method: 'HEAD' }),
    await usesExpress({ as: 'ann:colleagues' }),
    await usesExpress({ headers: { cookie: 'x=y' } }),
    await usesExpress({ headers: { 'content-length': '6' }, body: 'a body' }),
    await usesExpress({ headers: { 'transfer-encoding': 'chunked' }, body: 'a body' }),
    await usesExpress({ method: 'POST', as: 'ann:colleagues' }),
    await usesExpress({ method: 'OPTIONS' }),
  ]).toEqual([false, false, false, true, true, true, true, true])
  handled.mockRestore()
})

test('a body on a read is no second request on its connection', async () => {
  const send = await serve(appWith({ FAST: 'on' }).app)
  await send('/live')
  const { port } = servers[0]?.address() as AddressInfo
  const inner = 'GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n'
  const line = dial(
    port,
    `GET /live HTTP/1.1\r\nHost: x\r\nContent-Length: ${inner.length}\r\n\r\n${inner}` +
      'GET /live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
  )
  const text = await line.ended
  expect(text.match(/HTTP\/1\.1 \d{3}/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 200'])
})

describe('mounted in another Express app', () => {
  /** Fields and settings of the outer app, as applications have them. */
  const outer = () =>
    express()
      .set('trust proxy', '127.0.0.1')
      .use((_request, response, next) => {
        response.setHeader('Vary', 'X-Tenant')
        response.setHeader('X-Frame-Options', 'DENY')
        next()
      })
  const proxied = { 'x-forwarded-for': '192.0.2.7', 'x-forwarded-proto': 'https' }
  const more: readonly (readonly [string, Sending])[] = [
    [list, { headers: { ...proxied, ...basic('ann') } }],
    [list, { headers: { ...proxied, ...basic('ann'), 'x-forwarded-proto': 'http' } }],
    [`${list}&userid=ann`, { headers: { 'if-none-match': '*' } }],
  ]

  test.each<[string, (app: ReturnType<typeof createApp>) => RequestListener, readonly number[]]>([
    ['by use', (app) => outer().use(app), [200, 403, 304]],
    [
      'by a function',
      (app) => outer().use((request, response, next) => void app(request, response, next)),
      [403, 403, 304],
    ],
    ['behind another Express app', (app) => outer().use(express().use(app)), [200, 403, 304]],
    ['in a listener of Node', (app) => (request, response) => void app(request, response), [403, 403, 304]],
  ])('%s, the app has the same answers', async (name, mount, statuses) => {
    const answers = await both([...asked, ...more], mount)
    expect(answers.slice(0, 1).map(({ status }) => status)).toEqual([200])
    expect(answers.slice(-3).map(({ status }) => status)).toEqual(statuses)
    if (name !== 'in a listener of Node') {
      expect(answers[0]?.headers).toMatchObject({ 'x-frame-options': 'DENY', 'x-powered-by': 'Express' })
      expect(answers[0]?.headers['vary']).toBe('X-Tenant, Accept, Accept-Encoding, Authorization, Cookie')
    }
  })

  test('the outer app serves what comes before and after', async () => {
    const app = express()
      .get('/before', (_request, response) => void response.send('before'))
      .use(appWith({ FAST: 'on' }).app)
    const send = await serve(app)
    expect((await send('/before')).text).toBe('before')
    expect((await send('/after')).status).toBe(404)
  })

  test('programs may use the app as an Express app', () => {
    const { app } = appWith({ FAST: 'on', TRUST_PROXY: '127.0.0.1' })
    expect([typeof app.use, typeof app.listen, app.get('trust proxy')]).toEqual(['function', 'function', ['127.0.0.1']])
    expect(app.enabled('x-powered-by')).toBe(false)
  })
})

describe('behind proxies', () => {
  const addresses = fc.constantFrom(
    ...['192.0.2.1', '198.51.100.7', '10.1.2.3', '10.9.9.9', '127.0.0.1', '::1', '2001:db8::1', '::ffff:10.1.2.3'],
    ...['192.0.2.1:8080', '[2001:db8::1]:443', 'unknown', '_hidden', '999.1.1.1', '', ' ', '"192.0.2.1"', '10.1.2'],
  )
  const forwarded = fc.option(
    fc
      .tuple(fc.array(addresses, { minLength: 1, maxLength: 4 }), fc.constantFrom(', ', ',', ' ,  '))
      .map(([all, separator]) => all.join(separator)),
  )
  const protocol = fc.option(
    fc.oneof(
      fc.constantFrom(
        'https',
        'http',
        'HTTPS',
        'https, http',
        'http, https',
        ' https ,http',
        ',https',
        ', ',
        '',
        'wss',
      ),
      fc.constantFrom('https;', 'https http', '"https"', ' ', ',', 'https,'),
    ),
  )
  const request = fc.record({
    forwarded,
    // The field twice, as some chains of proxies send it.
    again: forwarded,
    protocol,
    protocolAgain: fc.option(fc.constantFrom('https', 'http')),
    other: fc.constantFrom<Record<string, string>[]>(
      {},
      { forwarded: 'for=192.0.2.9;proto=https' },
      { 'x-real-ip': '192.0.2.8' },
      { via: '1.1 x' },
    ),
    isEncrypted: fc.boolean(),
    isSignedIn: fc.boolean(),
    path: fc.constantFrom(`${list}&userid=ann`, list, '/live'),
  })

  test.each(['', '127.0.0.1', '127.0.0.0/8,10.0.0.0/8', '10.0.0.0/8', '::1,127.0.0.1,2001:db8::/32'])(
    'with TRUST_PROXY="%s", the address in the log and the TLS decision are those of Express',
    async (TRUST_PROXY) => {
      const encrypt = ({ headers, socket }: IncomingMessage) => {
        // Stands for the socket of a server with TLS.
        if (headers['x-encrypted'] === 'yes') Object.assign(socket, { encrypted: true })
      }
      const settings = { TRUST_PROXY, LOG_POLLS: 'all' }
      const [fast, plain] = [appWith({ ...settings, FAST: 'on' }), appWith({ ...settings, FAST: 'off' })]
      const [askFast, askPlain] = [await serve(fast.app, encrypt), await serve(plain.app, encrypt)]
      const seen = new Set<unknown>()
      const check = async (value: typeof request extends fc.Arbitrary<infer Value> ? Value : never) => {
        const { forwarded, again, protocol, protocolAgain, other, isEncrypted, isSignedIn, path } = value
        const present = (...values: (string | null)[]) => values.filter((each) => each !== null)
        const [addresses, protocols] = [present(forwarded, again), present(protocol, protocolAgain)]
        const headers: Record<string, string | string[]> = {
          ...other,
          ...(addresses.length > 0 && { 'x-forwarded-for': addresses }),
          ...(protocols.length > 0 && { 'x-forwarded-proto': protocols }),
          ...(isEncrypted && { 'x-encrypted': 'yes' }),
          ...(isSignedIn && basic('ann')),
        }
        const asked = []
        for (const [ask, { logged }] of [
          [askFast, fast],
          [askPlain, plain],
        ] as const) {
          logged.splice(0)
          const { status } = await ask(path, { headers })
          // The answer may arrive before its line.
          while (!logged.some(({ msg }) => msg === 'request')) await new Promise((resolve) => setImmediate(resolve))
          const lines = logged.map(({ msg, from, status, route, account, reason }) => ({
            ...{ msg, from, status, route, account, reason },
          }))
          asked.push({ headers, path, status, lines })
        }
        expect(asked[0]).toEqual(asked[1])
        seen.add(asked[0]?.status)
        seen.add(asked[0]?.lines.at(-1)?.from)
      }
      await fc.assert(fc.asyncProperty(request, check), { numRuns: 60, includeErrorInReport: true })
      expect(seen).toContain(200)
      expect(seen).toContain('127.0.0.1')
    },
  )
})
