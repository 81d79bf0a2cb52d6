import { EventEmitter, once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Request, Response } from 'express'
import { inChunks, openLoad, openLoopDelay, type Place } from '../../src/http/load.js'
import { type Client, sendTo, startClient } from '../support/client.js'
import { freshDatabase, type TestDatabase } from '../support/database.js'
import { dial, type Line } from '../support/dial.js'
import { openModule } from '../support/module.js'
import { stepApp } from '../support/step-app.js'
import { addPerson, connect, signInSecret } from '../support/world.js'

let database: TestDatabase
let client: Client
let delay = 0
beforeAll(async () => {
  database = await freshDatabase()
  const ann = await addPerson(database.db, 'ann', { password: signInSecret })
  await connect(database.db, ann, await addPerson(database.db, 'bo'), 'accepted')
  const { world } = await openModule(database)
  client = await startClient(database.db, {}, undefined, undefined, world, () => delay)
})
afterAll(async () => {
  await client.close()
  await database.close()
})

const servers: Server[] = []
const lines: Line[] = []
afterEach(async () => {
  delay = 0
  for (const { socket } of lines.splice(0)) socket.destroy()
  for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve))
})

type Handler = (request: Request, response: Response, place: Place) => void | Promise<void>

/** Admits requests as the app does, and handles them. A complete answer frees its place. Returns the port. */
async function serve(handler: Handler, load = openLoad(() => 0, 300)): Promise<number> {
  const app = stepApp((request, response, head) => {
    const place = load.admit(response, head)
    const end = response.end.bind(response)
    response.end = (...parameters: unknown[]) => {
      place.leave()
      return Reflect.apply(end, response, parameters) as Response
    }
    return handler(request, response, place)
  })
  const server = createServer(app)
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

const get = (path: string, fields = '') => `GET ${path} HTTP/1.1\r\nHost: x\r\n${fields}\r\n`

function speak(port: number, first: string): Line {
  const line = dial(port, first)
  lines.push(line)
  return line
}

describe('places of requests', () => {
  test('with 200 requests in progress the next is 503, except /live', async () => {
    const held: Response[] = []
    let full = () => {}
    const isFull = new Promise<void>((resolve) => (full = resolve))
    const port = await serve(({ path }, response) => {
      if (path !== '/held') return void response.end('answered')
      held.push(response)
      if (held.length === 200) full()
    })
    const waiting = Array.from({ length: 200 }, () => speak(port, get('/held')))
    await isFull
    const refused = await sendTo(port)('/other')
    expect([refused.status, refused.headers['retry-after']]).toEqual([503, '1'])
    expect(refused.text).toContain('The server is busy. Try again in a moment.')
    expect((await sendTo(port)('/live')).status).toBe(200)

    // A client that disconnects does not end the work for it.
    for (const { socket } of waiting) socket.destroy()
    await Promise.all(waiting.map(({ ended }) => ended))
    expect((await sendTo(port)('/other')).status).toBe(503)
    held.pop()?.end('done')
    expect((await sendTo(port)('/other')).status).toBe(200)
  })

  test('unread answers do not hold places', async () => {
    const large = Buffer.alloc(15_000_000)
    const arrived = new EventEmitter()
    const port = await serve(({ path }, response) => {
      response.end(path === '/large' ? large : 'small')
      arrived.emit(path)
    })
    // Below the limit of unread bytes of one address, with more requests than places.
    const last = once(arrived, '/last')
    const unread = speak(port, get('/large') + get('/small').repeat(250) + get('/last'))
    unread.socket.pause()
    await last
    for (let count = 0; count < 20; count++) expect((await sendTo(port)('/small')).status).toBe(200)
  })
})

describe('unread answers', () => {
  const from = (address: string) => `X-Forwarded-For: ${address}\r\n`

  const leaving = async (size: number) => {
    const load = openLoad(() => 0, 300)
    const large = Buffer.alloc(size)
    const arrived = new EventEmitter()
    const closed: string[] = []
    const port = await serve(async (request, response, place) => {
      if (request.path === '/dear') await place.turn()
      response.end(request.path === '/large' ? large : 'small')
      if (request.path === '/large') response.once('close', () => closed.push(request.ip ?? ''))
      arrived.emit(request.path)
    }, load)
    return {
      closed,
      ask: async (address: string, path = '/small') => {
        const text = await speak(port, get(path, `${from(address)}Connection: close\r\n`)).ended
        return [Number(text.slice(9, 12)), /<message>[^:]*: [^.]*\. (.*)<\/message>/.exec(text)?.[1]]
      },
      leave: async (address: string) => {
        const isLeft = once(arrived, '/large')
        const line = speak(port, get('/large', from(address)))
        line.socket.pause()
        await isLeft
        return line
      },
    }
  }
  const served = [200, undefined]

  test('have a limit per address, lower for expensive requests', async () => {
    const { ask, leave } = await leaving(14_000_000)
    const own = [429, 'Too many unread answers. Read them before sending more requests.']
    const first = await leave('2001:db8::1')
    expect(await ask('2001:db8::2', '/dear')).toEqual(own)
    expect(await ask('2001:db8::2')).toEqual(served)
    const second = await leave('2001:db8::2')
    expect(await ask('2001:db8::3')).toEqual(own)
    expect(await ask('10.0.0.1')).toEqual(served)
    expect(await ask('10.0.0.1', '/dear')).toEqual(served)

    // A client that reads or disconnects frees its bytes.
    second.socket.destroy()
    first.socket.resume()
    while ((await ask('2001:db8::3', '/dear'))[0] !== 200) continue
  })

  test('have a total limit, lower for expensive requests: the address with the most is disconnected', async () => {
    const { ask, leave, closed } = await leaving(15_000_000)
    await leave('10.0.0.2')
    await leave('10.0.0.2')
    await leave('10.0.0.3')
    expect(await ask('10.0.0.1')).toEqual(served)
    expect(closed).toEqual([])
    expect(await ask('10.0.0.1', '/dear')).toEqual(served)
    expect(closed).toEqual(['10.0.0.2', '10.0.0.2'])

    for (const address of ['10.0.0.4', '10.0.0.5', '10.0.0.5', '10.0.0.6']) await leave(address)
    expect(closed).toHaveLength(2)
    expect(await ask('10.0.0.1')).toEqual(served)
    expect(closed.slice(2)).toEqual(['10.0.0.5', '10.0.0.5'])
  })
})

describe('a late event loop', () => {
  const feed = '/atom/connections.do?connectionType=colleague&userid=ann'
  const dear = [
    `${feed}&ps=250`,
    `${feed}&ps=101&outputType=profile&format=full`,
    '/atom/connectionsInCommon.do?userid=ann,bo&ps=150',
    '/atom/search.do?name=ann',
    '/atom/peopleManaged.do?userid=ann',
    '/html/picture.do?userid=ann',
  ]
  const cheap = [feed, '/atom/profile.do?userid=ann', '/photo.do?userid=ann', '/html/profileView.do?userid=ann']
  const statuses = (paths: string[], headers: Record<string, string> = {}) =>
    Promise.all(paths.map(async (path) => (await client.send(path, { headers, as: 'ann:colleagues' })).status))

  test('refuses expensive requests first, then all others except /live', async () => {
    const pages = [`${feed}&ps=250`, '/atom/search.do?name=ann']
    expect(await statuses(dear)).toEqual(dear.map(() => 200))
    const tag = (await client.send(`${feed}&ps=250`)).headers.etag as string

    delay = 150
    expect(await statuses([...dear, '/v2/connections'])).toEqual([...dear.map(() => 503), 503])
    expect(await statuses(pages, { accept: 'text/html' })).toEqual([503, 503])
    expect(await statuses(cheap)).toEqual(cheap.map(() => 200))
    // A poll that finds nothing new is cheap.
    expect((await client.send(`${feed}&ps=250`, { headers: { 'if-none-match': tag } })).status).toBe(304)
    const refused = await client.send('/v2/connections', { as: 'ann:colleagues' })
    expect(refused.headers['retry-after']).toBe('1')
    expect(JSON.parse(refused.text)).toMatchObject({
      status: 503,
      reason: 'The server is busy. Try again in a moment.',
    })

    delay = 400
    expect(await statuses([...dear, ...cheap])).toEqual([...dear, ...cheap].map(() => 503))
    expect((await client.send('/live')).status).toBe(200)
  })

  test('is measured', async () => {
    const late = openLoopDelay()
    expect(late()).toBe(0)
    for (let count = 0; count < 3; count++) await new Promise((resolve) => setTimeout(resolve, 10))
    const until = performance.now() + 700
    while (performance.now() < until) continue
    let measured = 0
    while (measured === 0) {
      await new Promise((resolve) => setTimeout(resolve, 5))
      measured = late()
    }
    expect(measured).toBeGreaterThan(100)
  })
})

test('three expensive requests run, some wait, and the others are 503', async () => {
  const load = openLoad(() => 0, 300, 1_000_000)
  const happened = new EventEmitter()
  const working: Response[] = []
  let asked = 0
  let left = 0
  const port = await serve(async (_request, response, place) => {
    asked++
    happened.emit('one')
    response.once('close', () => {
      left++
      happened.emit('one')
    })
    await place.turn()
    working.push(response)
    happened.emit('one')
  }, load)
  const until = async (holds: () => boolean) => {
    while (!holds()) await once(happened, 'one')
  }
  const clients = Array.from({ length: 27 }, () => speak(port, get('/')))
  await until(() => asked === 27 && working.length === 3)
  expect((await sendTo(port)('/')).status).toBe(503)
  working[0]?.end('done')
  await until(() => working.length === 4)

  // A waiting request without a client is not run.
  const before = left
  for (const { socket } of clients) socket.destroy()
  await until(() => left - before >= 26)
  for (const response of working) response.end()
  void sendTo(port)('/').catch(() => {})
  await until(() => working.length === 5)
  expect(working[4]?.destroyed).toBe(false)
  working[4]?.end()
})

test('entries are written in small chunks, and other tasks run in between', async () => {
  const values = Array.from({ length: 110 }, (_, index) => index)
  let turns = 0
  let isOver = false
  const other = (async () => {
    while (!isOver) {
      turns++
      await new Promise((resolve) => setImmediate(resolve))
    }
  })()
  expect(await inChunks(values, (value) => value * 2)).toEqual(values.map((value) => value * 2))
  isOver = true
  await other
  expect(turns).toBeGreaterThanOrEqual(4)
})
