import { EventEmitter } from 'node:events'
import type { ServerResponse } from 'node:http'
import { type Clock, install } from '@sinonjs/fake-timers'
import { pino } from 'pino'
import type { Head } from '../../../src/http/exchange.js'
import { openRequestLog } from '../../../src/http/log.js'
import { type Client, startClient } from '../../support/client.js'
import { freshDatabase, type TestDatabase } from '../../support/database.js'
import { addPerson, signInSecret } from '../../support/world.js'

/** Polls that end in a 304 are counted; every other request is a line of the log. */

const minute = 60_000
const list = '/profiles/atom/connections.do?connectionType=colleague'

let clock: Clock
beforeEach(() => void (clock = install({ toFake: ['setTimeout', 'clearTimeout'] })))
afterEach(() => clock.uninstall())

describe('the log of requests', () => {
  /** A log, and a way to have a request written to it. */
  function open(LOG_POLLS: 'minute' | 'all' = 'minute') {
    const lines: Record<string, unknown>[] = []
    const write = (line: string) => {
      const { msg, route, status, count, from, aborted } = JSON.parse(line) as Record<string, unknown>
      lines.push({ msg, route, status, count, from, aborted })
    }
    const stop = new AbortController()
    const log = openRequestLog(pino({}, { write }), { LOG_POLLS }, stop.signal)
    const request = (status: number, route?: string, { isGone = false, isWritten = true } = {}) => {
      const progress = route === undefined ? {} : { route }
      const head = { id: 'x', method: 'GET', client: { address: '192.0.2.1' }, progress } as unknown as Head
      const response = Object.assign(new EventEmitter(), { destroyed: isGone, writableFinished: isWritten })
      log.write(head, { status, fields: {}, body: undefined }, response as unknown as ServerResponse, 0)
      response.emit('close')
    }
    return { lines, request, stop: () => stop.abort() }
  }
  const polls = (route: string, count: number) => ({ msg: 'polls', route, status: 304, count })

  test('counts polls in a line a minute for each route', () => {
    const { lines, request } = open()
    for (let time = 0; time < 3; time++) request(304, '/one')
    clock.tick(minute - 1)
    request(304, '/other')
    expect(lines).toEqual([])
    clock.tick(1)
    expect(lines.splice(0)).toEqual([polls('/one', 3), polls('/other', 1)])
    clock.tick(10 * minute)
    expect(lines).toEqual([])
    request(304, '/one')
    clock.tick(minute)
    expect(lines).toEqual([polls('/one', 1)])
  })

  test('logs every other request, also one whose client is gone', () => {
    const { lines, request } = open()
    request(200, '/one')
    request(404)
    request(304)
    request(200, '/one', { isGone: true, isWritten: false })
    request(503, '/one', { isWritten: false })
    const line = (status: number, route?: string) => ({ msg: 'request', status, route, from: '192.0.2.1' })
    expect(lines).toEqual([
      line(200, '/one'),
      line(404),
      line(304),
      { ...line(200, '/one'), aborted: true },
      { ...line(503, '/one'), aborted: true },
    ])
    clock.tick(minute)
    expect(lines).toHaveLength(5)
  })

  test('logs each poll with LOG_POLLS=all', () => {
    const { lines, request } = open('all')
    request(304, '/one')
    request(304, '/one')
    expect(lines).toMatchObject(Array(2).fill({ msg: 'request', route: '/one', status: 304, from: '192.0.2.1' }))
    clock.tick(minute)
    expect(lines).toHaveLength(2)
  })

  test('logs the counts at once when the server stops, and then each poll', () => {
    const { lines, request, stop } = open()
    request(304, '/one')
    stop()
    expect(lines.splice(0)).toEqual([polls('/one', 1)])
    request(304, '/one')
    expect(lines).toMatchObject([{ msg: 'request', route: '/one', status: 304 }])
  })
})

describe('a server', () => {
  let database: TestDatabase
  const clients: Client[] = []
  beforeAll(async () => {
    database = await freshDatabase()
    await addPerson(database.db, 'ann', { password: signInSecret })
    await addPerson(database.db, 'bo')
  })
  afterEach(async () => {
    for (const client of clients.splice(0)) await client.close()
  })
  afterAll(() => database.close())

  const start = async (settings: Record<string, string>) => {
    const client = await startClient(database.db, { LOG_LEVEL: 'info', ...settings })
    clients.push(client)
    const lines = () => client.logged().map((line) => JSON.parse(line) as Record<string, unknown>)
    return { ...client, lines }
  }
  /** An answer may arrive before its line. */
  const atLeast = async (count: number, lines: () => readonly unknown[]) => {
    while (lines().length < count) await new Promise((resolve) => setImmediate(resolve))
  }
  const ways = { FAST: ['on', 'off'] }

  test.each(ways.FAST)('counts the 304s of all callers, and logs no person in that line (FAST=%s)', async (FAST) => {
    const { send, lines } = await start({ FAST })
    const path = `${list}&userid=bo`
    const { headers } = await send(path)
    const condition = { 'if-none-match': String(headers['etag']) }
    const own = await send(path, { as: 'ann:colleagues' })
    const ownCondition = { 'if-none-match': String(own.headers['etag']) }
    expect((await send(path, { headers: condition })).status).toBe(304)
    expect((await send(path, { headers: condition, method: 'HEAD' })).status).toBe(304)
    expect((await send(path, { headers: ownCondition, as: 'ann:colleagues' })).status).toBe(304)
    expect((await send('/photo.do?userid=bo', { headers: { 'if-none-match': '*' } })).status).toBe(304)
    await atLeast(2, lines)
    expect(lines().map(({ msg, status }) => [msg, status])).toEqual([
      ['request', 200],
      ['request', 200],
    ])
    clock.tick(minute)
    const counted = lines().filter(({ msg }) => msg === 'polls')
    expect(counted).toEqual([
      expect.objectContaining({ route: '/atom/connections.do', status: 304, count: 3 }),
      expect.objectContaining({ route: '/photo.do', status: 304, count: 1 }),
    ])
    for (const line of counted) expect(Object.keys(line)).toEqual(expect.not.arrayContaining(['account', 'from', 'id']))
  })

  test.each(ways.FAST)('logs each 304 with its caller with LOG_POLLS=all (FAST=%s)', async (FAST) => {
    const { send, lines } = await start({ FAST, LOG_POLLS: 'all' })
    for (let time = 0; time < 2; time++) {
      expect((await send(list, { as: 'ann:colleagues', headers: { 'if-none-match': '*' } })).status).toBe(304)
    }
    await atLeast(2, lines)
    clock.tick(minute)
    expect(lines()).toEqual([
      expect.objectContaining({ msg: 'request', status: 304, account: expect.any(String), from: '127.0.0.1' }),
      expect.objectContaining({ msg: 'request', status: 304, account: expect.any(String), from: '127.0.0.1' }),
    ])
  })
})
