import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { pino } from 'pino'
import { readConfig } from '../../src/config.js'
import { createApp } from '../../src/http/app.js'
import { closeUnlessRead, receiver } from '../../src/http/request/body.js'
import { openServer } from '../../src/http/server.js'
import { openServices } from '../../src/http/services.js'
import { baseUrl } from '../support/client.js'
import { freshDatabase, type TestDatabase } from '../support/database.js'
import { dial, type Line } from '../support/dial.js'
import { connectionEntry } from '../support/entries.js'
import { stepApp } from '../support/step-app.js'
import { addPerson, signInSecret } from '../support/world.js'
import { parse } from '../support/xml.js'

let database: TestDatabase
const servers: Server[] = []
const lines: Line[] = []
beforeAll(async () => {
  database = await freshDatabase()
  for (const name of ['ann', 'bo', 'kit']) await addPerson(database.db, name, { password: signInSecret })
})
afterEach(async () => {
  for (const { socket } of lines.splice(0)) socket.destroy()
  for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve))
})
afterAll(() => database.close())

const log = pino({ level: 'silent' })
/** Each test sets the address of its clients. */
const config = () => readConfig({ BASE_URL: baseUrl, ANONYMOUS_PER_MINUTE: '1000000', TRUST_PROXY: '127.0.0.1' })
const context = () => {
  const now = () => new Date()
  return { db: database.db, config: config(), baseUrl, sessionKeys: ['-'], release: '', log, now, loopDelay: () => 0 }
}

const ourApp = () => createApp(context())

/** Receives bodies as the app does, with a shorter second. Answers the length of the body. */
function echo(second: number): RequestListener {
  const { load, identify } = openServices(context())
  const receive = receiver(load, second)
  return stepApp(async (request, response, head) => {
    closeUnlessRead(request, response)
    response.end(`received ${(await receive(request, response, head)).length}`)
  }, identify)
}

/** @returns the port */
async function serve(server: Server, app: RequestListener): Promise<number> {
  servers.push(server.on('request', app))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

function speak(port: number, first: string): Line {
  const line = dial(port, first)
  lines.push(line)
  return line
}

const post = (path: string, fields: string) => `POST ${path} HTTP/1.1\r\nHost: x\r\n${fields}\r\n`
const form = 'Content-Type: application/x-www-form-urlencoded\r\n'
const signIn = (name: string) => `Authorization: Basic ${Buffer.from(`${name}:colleagues`).toString('base64')}\r\n`
const proxied = (address: string) => `X-Forwarded-For: ${address}\r\nX-Forwarded-Proto: https\r\n`
const statusOf = (text: string) => Number(/^HTTP\/1\.1 (\d{3}) /.exec(text)?.[1])

/** Expects a complete answer in the API's error form. */
function expectRefusal(text: string, status: number, sentence: string): void {
  const [head = '', body = ''] = text.split('\r\n\r\n')
  expect(statusOf(head)).toBe(status)
  expect(head).toContain('\r\nContent-Type: text/xml;charset=UTF-8')
  expect(head).toContain('\r\nConnection: close')
  expect(body).toContain(`<code>${status}</code>`)
  expect(body).toContain(sentence)
  parse(body)
}

const places: [string, () => Server][] = [
  ['our server', () => openServer(log).server],
  ['the server of another program', () => createServer()],
]

describe.each(places)('on %s', (where, open) => {
  test.each([
    ['an entry', '/atom/connections.do?userid=bo', signIn('ann')],
    ['an anonymous form', '/profiles/html/signIn.do', form],
    ['JSON', '/v2/accounts/0190cafe-0000-7000-8000-000000000001/connections', ''],
    ['an unknown path', '/nowhere', ''],
  ])('an oversized Content-Length is refused before the body arrives: %s', async (_name, path, fields) => {
    const port = await serve(open(), ourApp())
    for (const expectation of ['', 'Expect: 100-continue\r\n']) {
      const line = speak(port, post(path, `${fields}Content-Length: 1073741824\r\n${expectation}`))
      const text = (await line.ended).replace(/^HTTP\/1\.1 100 Continue\r\n\r\n/, (interim) => {
        // The server of another program sends 100 Continue by itself.
        expect(where).not.toBe('our server')
        return interim && ''
      })
      expectRefusal(text, 413, 'The body may have at most 65536 bytes.')
    }
  })

  test('a chunked body is refused as soon as it exceeds the limit', async () => {
    const port = await serve(open(), ourApp())
    const line = speak(port, post('/atom/connections.do?userid=bo', `${signIn('ann')}Transfer-Encoding: chunked\r\n`))
    for (let count = 0; count < 5; count++) line.socket.write(`4000\r\n${'x'.repeat(0x4000)}\r\n`)
    expectRefusal(await line.ended, 413, 'The body may have at most 65536 bytes.')
  })

  test.each([
    [413, `${signIn('ann')}Content-Length: 10000000\r\n`, 'at most 65536 bytes'],
    [403, 'Sec-Fetch-Site: cross-site\r\nContent-Length: 10000000\r\n', 'Cross-site requests'],
    [415, 'Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n', 'uncompressed, without Content-Encoding'],
  ])('a client that keeps sending gets a complete %i', async (status, fields, sentence) => {
    const port = await serve(open(), ourApp())
    const line = speak(port, post('/atom/connections.do?userid=bo', fields))
    const piece = `afc8\r\n${'x'.repeat(45_000)}\r\n`
    // More than ten times the size limit, before the client reads the answer.
    line.socket.pause()
    for (let count = 0; count < 20; count++) await new Promise((sent) => line.socket.write(piece, sent))
    line.socket.resume()
    expectRefusal(await line.ended, status, sentence)
  })

  test('the connection closes soon if the client keeps sending', async () => {
    const port = await serve(open(), ourApp())
    const line = speak(port, post('/atom/connections.do?userid=bo', `Content-Length: 1073741824\r\n`))
    let sent = 0
    const closed = new Promise((resolve) => line.socket.once('close', resolve))
    const send = () => {
      if (line.socket.destroyed) return
      sent += 100_000
      line.socket.write(Buffer.alloc(100_000), () => setImmediate(send))
    }
    send()
    await closed
    expectRefusal(line.received(), 413, 'at most 65536 bytes')
    // Buffers of the operating system count as sent.
    expect(sent).toBeLessThan(100_000_000)
  })

  test('a request after a refused body is not served', async () => {
    const port = await serve(open(), ourApp())
    const write = post('/profiles/html/signIn.do', `${form}Sec-Fetch-Site: cross-site\r\nContent-Length: 10\r\n`)
    const line = speak(port, write)
    await line.until(/<\/error>/)
    line.socket.write('0123456789GET /live HTTP/1.1\r\nHost: x\r\n\r\n')
    line.socket.end()
    expect(await line.ended).not.toContain('live\n')
  })

  test('the connection stays open after a complete body', async () => {
    const port = await serve(open(), ourApp())
    const body = connectionEntry('pending', 'Hello')
    const length = `Content-Length: ${Buffer.byteLength(body)}\r\n`
    const line = speak(port, post('/atom/connections.do?userid=nobody', `${signIn('ann')}${length}`))
    await new Promise((resolve) => setImmediate(resolve))
    line.socket.write(body)
    const text = await line.until(/<\/error>/)
    expect(statusOf(text)).toBe(400)
    expect(text).toContain('\r\nConnection: keep-alive\r\n')
    line.socket.write('GET /live HTTP/1.1\r\nHost: x\r\n\r\n')
    expect(await line.until(/live\n/)).toContain('HTTP/1.1 200 OK')
  })
})

test('a client with Expect gets 100 Continue once, and its body is read', async () => {
  const port = await serve(openServer(log).server, echo(1_000_000))
  const line = speak(port, post('/', 'Content-Length: 5\r\nExpect: 100-continue\r\n'))
  await line.until(/\r\n\r\n/)
  line.socket.write('hello')
  expect(await line.until(/received/)).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n[^]*received 5$/)
})

describe('slow bodies', () => {
  const slow = 'A body must arrive within 5 seconds, at 500 bytes a second or more.'

  test('a body that arrives byte by byte is 408', async () => {
    const port = await serve(openServer(log).server, echo(50))
    const line = speak(port, post('/', 'Content-Length: 60000\r\n'))
    const trickle = setInterval(() => line.socket.write('x'), 10)
    expectRefusal(await line.ended, 408, slow)
    clearInterval(trickle)
  })

  test('a body that never ends is 408', async () => {
    const port = await serve(openServer(log).server, echo(50))
    const line = speak(port, post('/', 'Transfer-Encoding: chunked\r\n'))
    line.socket.write(`4000\r\n${'x'.repeat(0x4000)}\r\n`)
    expectRefusal(await line.ended, 408, slow)
  })

  test('five hundred slow bodies do not delay readers', async () => {
    const port = await serve(openServer(log).server, ourApp())
    const senders = Array.from({ length: 500 }, (_, index) => {
      const from = proxied(`10.0.${index}.1`)
      const head =
        index % 50 === 0
          ? post('/atom/connections.do?userid=bo', `${from}${signIn('ann')}Content-Length: 100\r\n`)
          : post('/profiles/html/signIn.do', `${from}${form}Content-Length: 100\r\n`)
      return speak(port, `${head}x`)
    })
    const reader = `GET /atom/connections.do?connectionType=colleague&userid=ann HTTP/1.1\r\nHost: x\r\n${proxied('10.9.9.9')}\r\n`
    for (let count = 0; count < 10; count++) {
      expect(await speak(port, reader).until(/<\/feed>/)).toMatch(/^HTTP\/1\.1 200 OK/)
    }
    const ended = await Promise.all(senders.map(({ ended }) => ended))
    expect([...new Set(ended.map(statusOf))]).toEqual([408])
  })

  test.each([
    ['one address', 50, (index: number) => proxied(`2001:db8:0:1::${index}`), 'One address may send 50 bodies'],
    ['one account', 20, (index: number) => proxied(`10.1.${index}.1`) + signIn('kit'), 'An account may send 20 bodies'],
  ])('%s has a limit of concurrent bodies', async (_name, most, fieldsOf, sentence) => {
    const port = await serve(openServer(log).server, echo(1_000_000))
    const begin = (index: number) =>
      speak(port, post('/', `${fieldsOf(index)}Content-Length: 5\r\nExpect: 100-continue\r\n`))
    const begun = Array.from({ length: most }, (_, index) => begin(index))
    for (const line of begun) expect(await line.until(/\r\n\r\n/)).toBe('HTTP/1.1 100 Continue\r\n\r\n')

    const text = await begin(most).ended
    expectRefusal(text, 429, `${sentence} at the same time; wait until one has arrived.`)
    expect(text).toContain('\r\nRetry-After: 1\r\n')
    // Other senders, and small bodies that arrive with their heads, are not limited.
    const other = post('/', `${proxied('10.2.0.1')}${signIn('bo')}Content-Length: 5\r\n`)
    expect(await speak(port, `${other}hello`).until(/received/)).toContain('received 5')
    expect(await speak(port, `${post('/', `${fieldsOf(0)}Content-Length: 5\r\n`)}hello`).until(/received/)).toContain(
      'received 5',
    )

    begun[0]?.socket.write('hello')
    await begun[0]?.until(/received 5/)
    expect(await begin(most + 1).until(/\r\n\r\n/)).toBe('HTTP/1.1 100 Continue\r\n\r\n')
  })
})

test('the sender of a body is authenticated once a second, and not beyond the limit of its address', async () => {
  const receive = receiver(openServices(context()).load, 1_000_000)
  let asked = 0
  const app = stepApp(
    async (request, response, head) => {
      closeUnlessRead(request, response)
      await receive(request, response, head)
    },
    () => Promise.resolve((asked++, null)),
  )
  const port = await serve(openServer(log).server, app)
  const begin = (name: string) => speak(port, post('/', `${signIn(name)}Content-Length: 5\r\nExpect: 100-continue\r\n`))
  for (let count = 0; count < 5; count++) await begin('ann').until(/100 Continue/)
  expect(asked).toBe(1)
  for (let count = 5; count < 50; count++) await begin(`name ${count}`).until(/100 Continue/)
  const before = asked
  expect(statusOf(await begin('another').ended)).toBe(429)
  expect(asked).toBe(before)
})

test('a body that another program has read already is not awaited', async () => {
  const app = express().use(express.text({ type: () => true }), ourApp())
  const port = await serve(createServer(), app)
  const body = connectionEntry('pending', 'Hello')
  const head = post('/atom/connections.do?userid=bo', `${signIn('ann')}Content-Length: ${Buffer.byteLength(body)}\r\n`)
  expect(statusOf(await speak(port, `${head}${body}`).until(/<\/error>/))).toBe(400)
})
