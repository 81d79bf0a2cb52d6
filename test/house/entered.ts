import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { Session } from 'node:inspector/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { migrate } from '../../src/db/migrate.js'
import { openDatabase } from '../../src/db/open.js'
import connections, { type App, open } from '../../src/index.js'
import { loadCast } from '../../src/transfer/example.js'

/**
 * Counts the source files with a function that runs while one request is answered, by V8's precise coverage. Each
 * request is sent once before the measurement, so that code for the first request is not counted.
 */
export async function filesEntered(): Promise<Record<string, number>> {
  const dataDir = await mkdtemp(join(tmpdir(), 'connections-house-'))
  const database = await openDatabase({ databaseUrl: undefined, dataDir }, () => {})
  await migrate(database.db)
  await loadCast(database.db)
  await database.close()
  const app = await open({ dataDir, requestsPerMinute: 1_000_000, maxDelayMs: 1_000_000 })
  const server = createServer(app.http)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const session = new Session()
  session.connect()
  try {
    await session.post('Profiler.enable')
    await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false })
    const counts: Record<string, number> = {}
    const requests = requestsTo(app, `http://127.0.0.1:${(server.address() as AddressInfo).port}`)
    for (const [name, prepare] of Object.entries(requests)) {
      await (
        await prepare()
      )()
      const send = await prepare()
      await session.post('Profiler.takePreciseCoverage')
      await send()
      counts[name] = entered((await session.post('Profiler.takePreciseCoverage')).result)
    }
    return counts
  } finally {
    session.disconnect()
    server.closeAllConnections()
    server.close()
    await app.close()
    await rm(dataDir, { recursive: true })
  }
}

interface Covered {
  readonly url: string
  readonly functions: readonly {
    readonly functionName: string
    readonly ranges: readonly { readonly count: number }[]
  }[]
}

const entered = (scripts: readonly Covered[]): number =>
  scripts.filter(({ url, functions }) => /\/dist\/src\//.test(url) && functions.some(({ ranges }) => ranges[0]?.count))
    .length

/** By name: prepares a request, and returns the function that sends it. */
function requestsTo(app: App, base: string): Record<string, () => Promise<() => Promise<void>>> {
  const atom = `${base}/profiles/atom`
  const feed = `${atom}/connections.do?connectionType=colleague&status=accepted&userid=ann`
  const basic = (user: string) => ({ authorization: `Basic ${btoa(`${user}:colleagues`)}` })
  const send = async (address: string, status: number, init: RequestInit = {}) => {
    const answer = await fetch(address, init)
    const text = await answer.text()
    if (answer.status !== status) throw new Error(`${address} answered ${answer.status}: ${text}`)
    return { text, tag: answer.headers.get('etag') ?? '' }
  }
  const get = (headers: Record<string, string>) => () =>
    Promise.resolve(async () => void (await send(feed, 200, { headers })))
  const idOf = (user: string) => app.runAs(user, {}, ({ accountId }) => Promise.resolve(accountId))
  const strangers = { bo: ['lou', 'kit'], chen: ['lou', 'max'] }
  return {
    'GET of the feed, anonymous': get({}),
    'GET of the feed, Basic': get(basic('ann')),
    'GET of the feed, 304': async () => {
      const { tag } = await send(feed, 200)
      return async () => void (await send(feed, 304, { headers: { 'if-none-match': tag } }))
    },
    'PUT that accepts': async () => {
      const pending = `${atom}/connections.do?connectionType=colleague&status=pending`
      const { text } = await send(pending, 200, { headers: basic('ann') })
      const [id] = /connectionId=[\da-f-]+/.exec(text) ?? []
      const category = '<category scheme="http://www.ibm.com/xmlns/prod/sn/status" term="accepted"/>'
      const body = `<entry xmlns="http://www.w3.org/2005/Atom">${category}</entry>`
      return async () =>
        void (await send(`${atom}/connection.do?${id}`, 200, { method: 'PUT', headers: basic('ann'), body }))
    },
    'create of the module': async () => {
      const [owner, target] = [await idOf('bo'), await idOf(strangers.bo.shift() ?? '')]
      return () =>
        app.runAs(
          'bo',
          {},
          async () => void (await connections.create('accounts', owner, { _id: target, access: 'connected' })),
        )
    },
    'POST of /v2 that creates': async () => {
      const [owner, target] = [await idOf('chen'), await idOf(strangers.chen.shift() ?? '')]
      const body = JSON.stringify({ targets: [{ _id: target, access: 'connected' }] })
      const headers = { ...basic('chen'), 'content-type': 'application/json' }
      return async () =>
        void (await send(`${base}/v2/accounts/${owner}/connections`, 200, { method: 'POST', headers, body }))
    },
  }
}
