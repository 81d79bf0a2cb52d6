import { EventEmitter, once } from 'node:events'
import type { RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import fc from 'fast-check'
import { pino } from 'pino'
import { readConfig } from '../../src/config.js'
import { createApp } from '../../src/http/app.js'
import { openServer, type OpenServer } from '../../src/http/server.js'
import { baseUrl } from '../support/client.js'
import { freshDatabase, type TestDatabase } from '../support/database.js'
import { dial, type Line } from '../support/dial.js'
import { addPerson } from '../support/world.js'
import { parse } from '../support/xml.js'

let database: TestDatabase
const servers: OpenServer['server'][] = []
let last: OpenServer
const lines: Line[] = []
beforeAll(async () => {
  database = await freshDatabase()
  await addPerson(database.db, 'ann')
})
afterEach(async () => {
  for (const { socket } of lines.splice(0)) socket.destroy()
  for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve))
})
afterAll(() => database.close())

const log = pino({ level: 'silent' })

function ourApp(): RequestListener {
  const config = readConfig({ BASE_URL: baseUrl, ANONYMOUS_PER_MINUTE: '1000000' })
  const now = () => new Date()
  return createApp({ db: database.db, config, baseUrl, sessionKeys: ['-'], release: '', log, now, loopDelay: () => 0 })
}

/** Serves an app on its own server, with limits short enough for tests. Returns the port. */
async function serve(changed: Parameters<typeof openServer>[1] = {}, app = ourApp()): Promise<number> {
  last = openServer(log, changed)
  const server = last.server.on('request', app)
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

function speak(port: number, first = ''): Line {
  const line = dial(port, first)
  lines.push(line)
  return line
}

/** The status and sentence of an answer in the API's error form. */
function refusalOf(text: string): { status: number; sentence: string } {
  const [head = '', body = ''] = text.split('\r\n\r\n')
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(head)?.[1])
  expect(head).toContain('\r\nContent-Type: text/xml;charset=UTF-8')
  expect(head).toContain(`\r\nContent-Length: ${body.length}`)
  const [, code, sentence = ''] =
    /^<\?xml .*<error .*<code>(\d+)<\/code><message>CLFRN1172E: The request is invalid\. (.*)<\/message><trace>OMITTED/.exec(
      body,
    ) ?? []
  parse(body)
  expect(code).toBe(String(status))
  return { status, sentence }
}

const feed = '/atom/connections.do?connectionType=colleague&userid=ann'

describe('malformed requests get answers in the API’s error form', () => {
  test.each([
    ['BREW', 'BREW /pot HTTP/1.1\r\nHost: x\r\n\r\n', 501, 'This server does not support this method.'],
    ['a lower-case method', 'get / HTTP/1.1\r\nHost: x\r\n\r\n', 501, 'This server does not support this method.'],
    [
      'CONNECT',
      'CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n',
      501,
      'This server is not a proxy and does not accept CONNECT.',
    ],
    ['TLS', '\x16\x03\x01\x00\xa5\x01\x00\x00', 400, 'The request is not well-formed HTTP/1.1.'],
    ['an unknown version', 'GET / HTTP/9.9\r\nHost: x\r\n\r\n', 400, 'The request is not well-formed HTTP/1.1.'],
    ['a broken field', 'GET / HTTP/1.1\r\nHost x\r\n\r\n', 400, 'The request is not well-formed HTTP/1.1.'],
    [
      'two lengths',
      'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n',
      400,
      'The request is not well-formed HTTP/1.1.',
    ],
    [
      'a large head',
      `GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(17_000)}\r\n\r\n`,
      431,
      'The head of a request may have at most 16384 bytes.',
    ],
  ])('refuses %s', async (_name, bytes, status, sentence) => {
    const text = await speak(await serve(), bytes).ended
    expect(text).toContain('\r\nConnection: close\r\n')
    expect(refusalOf(text)).toEqual({ status, sentence })
  })

  test('a known method without a handler is 405', async () => {
    const text = await speak(await serve(), 'PROPFIND /live HTTP/1.1\r\nHost: x\r\n\r\n').until(/<\/error>/)
    expect(refusalOf(text)).toEqual({
      status: 405,
      sentence: 'This address accepts GET, HEAD and OPTIONS, not PROPFIND.',
    })
  })

  test('fields after 2,000 others are not overlooked', async () => {
    const many = 'a: b\r\n'.repeat(2_000)
    const port = await serve()
    const twoHosts = await speak(port, `GET ${feed} HTTP/1.1\r\nHost: x\r\n${many}Host: y\r\n\r\n`).until(/<\/error>/)
    expect(refusalOf(twoHosts).status).toBe(400)
    const long = `POST ${feed} HTTP/1.1\r\nHost: x\r\n${many}Content-Length: 1073741824\r\n\r\n`
    expect(refusalOf(await speak(port, long).ended).status).toBe(413)
  })

  test('an incomplete head is 408', async () => {
    const port = await serve({ headersTimeout: 20, connectionsCheckingInterval: 10 })
    const text = await speak(port, 'GET / HTTP/1.1\r\nHost: x\r\n').ended
    expect(refusalOf(text)).toEqual({ status: 408, sentence: 'The request did not arrive in time.' })
  })

  test('malformed data after a good request does not overtake its answer', async () => {
    const line = speak(await serve(), 'GET /live HTTP/1.1\r\nHost: x\r\n\r\nBREW / HTTP/1.1\r\nHost: x\r\n\r\n')
    const text = await line.ended
    expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\nlive\n$/)
  })

  test('random input gets HTTP answers, and the server survives', async () => {
    const port = await serve()
    const piece = fc.constantFrom(
      ...['GET ', 'BREW ', 'POST ', '/live', ' HTTP/1.1', '\r\n', '\r\n\r\n', 'Host: x\r\n', 'Content-Length: 3\r\n'],
      ...[
        'Transfer-Encoding: chunked\r\n',
        'Expect: 100-continue\r\n',
        'Expect: tea\r\n',
        '0\r\n',
        '\0',
        'é',
        ':',
        ' ',
      ],
    )
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 12 }), async (pieces) => {
        const line = speak(port, pieces.join(''))
        line.socket.end()
        expect(await line.ended).toMatch(/^$|^HTTP\/1\.1 [1-5]\d\d /)
      }),
      { numRuns: 200 },
    )
    expect(await speak(port, 'GET /live HTTP/1.1\r\nHost: x\r\n\r\n').until(/live\n/)).toContain(' 200 OK')
  })
})

describe('the Host field', () => {
  test.each([
    ['two', 'Host: one.example\r\nHost: two.example\r\n'],
    ['the same twice', 'Host: x\r\nhost: x\r\n'],
    ['none', ''],
    ['with a path', 'Host: x/y\r\n'],
    ['with a user', 'Host: ann@x\r\n'],
    ['with a space', 'Host: x y\r\n'],
  ])('refused: %s', async (_name, fields) => {
    for (const path of [feed, '/v2/connections', '/live']) {
      const text = await speak(await serve(), `GET ${path} HTTP/1.1\r\n${fields}\r\n`).until(/<\/error>/)
      expect(refusalOf(text)).toEqual({
        status: 400,
        sentence: 'The request must have exactly one Host header field: a host and an optional port.',
      })
    }
  })

  test.each([
    ['HTTP/1.1', 'Host: connections.example:443\r\n'],
    ['HTTP/1.1', 'Host: [::1]:3000\r\n'],
    ['HTTP/1.1', 'Host:\r\n'],
    ['HTTP/1.0', ''],
  ])('accepted: %s with %j', async (version, fields) => {
    const text = await speak(await serve(), `GET ${feed} ${version}\r\n${fields}\r\n`).until(/<\/feed>/)
    expect(text).toMatch(/^HTTP\/1\.1 200 OK/)
  })
})

describe('a closed server', () => {
  test('ends every connection without a request, and finishes a running answer', async () => {
    const large = Buffer.alloc(50_000_000)
    const arrived = new EventEmitter()
    const port = await serve({}, (_request, response) => {
      response.end(large)
      arrived.emit('large')
    })
    const silent = speak(port)
    const half = speak(port, 'GET / HTTP/1.1\r\n')
    const isMade = once(arrived, 'large')
    const unread = speak(port, 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
    unread.socket.pause()
    await isMade
    void last.stopListening()
    last.closeIdle()
    await Promise.all([silent.ended, half.ended])
    unread.socket.resume()
    const text = await unread.ended
    expect(text.length - text.indexOf('\r\n\r\n') - 4).toBe(large.length)
  })
})

describe('the maximum number of connections', () => {
  const live = 'GET /live HTTP/1.1\r\nHost: x\r\n\r\n'

  test('closes the oldest idle connection, and answers a new request at once', async () => {
    const port = await serve({ connections: 10 })
    const silent: Line[] = []
    for (let index = 0; index < 10; index++) {
      const line = speak(port)
      await once(line.socket, 'connect')
      silent.push(line)
    }
    expect(await speak(port, live).until(/live\n/)).toContain(' 200 OK')
    await silent[0]?.ended
    const [, second] = silent
    second?.socket.write(live)
    expect(await second?.until(/live\n/)).toContain(' 200 OK')
    // It is the most recently used one now, so others are closed first.
    for (let index = 0; index < 8; index++) expect(await speak(port, live).until(/live\n/)).toContain(' 200 OK')
    second?.socket.write(live)
    expect(await second?.until(/live\n[^]*live\n/)).toContain(' 200 OK')
  })

  test('closes an incomplete request and an unread answer, but not a waiting request', async () => {
    const large = Buffer.alloc(50_000_000)
    const arrived = new EventEmitter()
    const port = await serve({ connections: 4 }, ({ url = '' }, response) => {
      if (url === '/large') response.end(large)
      if (url === '/quick') response.end('quick')
      if (url === '/slow') arrived.once('answer', () => response.end('slow'))
      arrived.emit(url)
    })
    const ask = async (path: string, more = '') => {
      const has = once(arrived, path)
      const line = speak(port, `GET ${path} HTTP/1.1\r\nHost: x\r\n${more}\r\n`)
      line.socket.pause()
      await has
      return line
    }
    const quickly = async () => {
      const line = await ask('/quick')
      line.socket.resume()
      expect(await line.until(/quick/)).toContain(' 200 OK')
    }
    const waiting = [await ask('/slow'), await ask('/slow')]
    const unread = await ask('/large')
    const half = await ask('/half', 'Content-Length: 9\r\nExpect: 100-continue\r\n')

    await quickly()
    half.socket.resume()
    await half.ended
    // The quick connection is idle now. Another waiting request takes its place. The next quick request takes that of
    // the large answer.
    waiting.push(await ask('/slow'))
    await quickly()
    unread.socket.resume()
    await unread.ended
    expect(unread.received().length).toBeLessThan(large.length)
    arrived.emit('answer')
    for (const line of waiting) {
      line.socket.resume()
      expect(await line.until(/slow/)).toContain(' 200 OK')
    }
  })
})
