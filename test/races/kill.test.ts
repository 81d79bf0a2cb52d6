import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { migrate } from '../../src/db/migrate.js'
import { openDatabase } from '../../src/db/open.js'
import type { Answer, Send } from '../support/client.js'
import { type Cluster, makeCluster, postgresPrograms } from '../support/cluster.js'
import { freshDatabase, serverUrl } from '../support/database.js'
import { prepareDataFolder } from '../support/embedded-template.js'
import { run } from '../support/process.js'
import { type Server, startServers, stopServers } from '../support/servers.js'
import { addPerson, signInSecret } from '../support/world.js'
import { accept, idIn, invite } from '../support/writes.js'
import { all, child, parse } from '../support/xml.js'

/**
 * A server, or Postgres, is killed while people write (docs/trust.md, C10): whatever was acknowledged is there
 * afterwards, and nothing is half done.
 */

const writers = ['w0', 'w1', 'w2', 'w3']
const targets = Array.from({ length: 1500 }, (_, at) => `t${at}`)
const ended: (() => Promise<unknown>)[] = []

/** Everybody of the test, straight into a database. */
async function fill(place: { databaseUrl: string | undefined; dataDir: string }): Promise<void> {
  const database = await openDatabase(place, () => {})
  await migrate(database.db)
  await database.db.transaction().execute(async (transaction) => {
    for (const name of [...writers, ...targets]) await addPerson(transaction, name, { password: signInSecret })
  })
  await database.close()
}

/** Lets each writer invite, and the invited accept, until stopped. Collects the acknowledged writes. */
function writing(sends: readonly Send[]) {
  const acknowledged = { invited: new Set<string>(), accepted: new Set<string>() }
  const statuses = new Set<number>()
  let isOver = false
  /** Sends until there is an answer that is final: while the server or its database is away, there is none. */
  const settled = async (write: () => Promise<Answer>): Promise<Answer | undefined> => {
    while (!isOver) {
      const answer = await write().catch(() => undefined)
      if (answer) statuses.add(answer.status)
      if (answer && answer.status !== 503) return answer
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    return undefined
  }
  const work = writers.map(async (writer, index) => {
    const send = sends[index % sends.length] as Send
    for (const target of targets.filter((_, at) => at % writers.length === index)) {
      const invited = await settled(() => invite(send, writer, target))
      // An unacknowledged write may have taken effect: then a second invitation is refused.
      if (invited?.status !== 201) continue
      acknowledged.invited.add(`${writer} ${target}`)
      const accepted = await settled(() => accept(send, target, idIn(invited)))
      if (accepted?.status === 200) acknowledged.accepted.add(`${writer} ${target}`)
    }
  })
  const until = async (count: number) => {
    while (acknowledged.accepted.size < count) await new Promise((resolve) => setTimeout(resolve, 10))
  }
  const stop = async () => {
    isOver = true
    await Promise.all(work)
  }
  return { acknowledged, statuses, until, stop }
}

/** The writers' lists, from the feed. */
async function stored(send: Send): Promise<{ accepted: Set<string>; unconfirmed: Set<string> }> {
  const lists = { accepted: new Set<string>(), unconfirmed: new Set<string>() }
  for (const writer of writers) {
    for (const status of ['accepted', 'unconfirmed'] as const) {
      for (let page = 1; ; page++) {
        const address = `/atom/connections.do?connectionType=colleague&status=${status}&ps=250&page=${page}`
        const { text } = await send(address, { as: `${writer}:colleagues` })
        const names = all(parse(text), 'entry').map((entry) => child(entry, 'title').text)
        for (const name of names) lists[status].add(`${writer} ${name}`)
        if (names.length < 250) break
      }
    }
  }
  return lists
}

async function checkNothingLost(send: Send, { acknowledged }: ReturnType<typeof writing>): Promise<void> {
  const { accepted, unconfirmed } = await stored(send)
  expect([...acknowledged.accepted].filter((pair) => !accepted.has(pair))).toEqual([])
  expect([...acknowledged.invited].filter((pair) => !accepted.has(pair) && !unconfirmed.has(pair))).toEqual([])
}

async function checkWhole(environment: Record<string, string>): Promise<void> {
  const doctor = run(['doctor'], environment)
  expect([await doctor.exit, doctor.output()]).toEqual([0, 'No inconsistencies found.\n'])
}

const later = <Ended extends { close(): Promise<unknown> }>(it: Ended): Ended => {
  ended.push(() => it.close())
  return it
}

const serving = async (count: number, environment: Record<string, string>): Promise<Server[]> => {
  const servers = await startServers(count, environment)
  ended.push(() => stopServers(servers))
  return servers
}

afterEach(async () => {
  for (const end of ended.splice(0).reverse()) await end()
})

describe('kill -9 of a server', () => {
  let environment: Record<string, string>
  beforeEach(async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'connections-kill-'))
    ended.push(() => Promise.resolve(rmSync(dataDir, { recursive: true })))
    if (serverUrl === undefined) {
      environment = { DATA_DIR: dataDir }
      await prepareDataFolder(dataDir)
      await fill({ databaseUrl: undefined, dataDir })
    } else {
      const { url } = later(await freshDatabase())
      environment = { DATABASE_URL: url as string }
      await fill({ databaseUrl: url, dataDir })
    }
  })

  test('loses no acknowledged write and leaves none half done', async () => {
    // The embedded database is for one process.
    const servers = await serving(serverUrl === undefined ? 1 : 2, environment)
    const writes = writing(servers.map(({ send }) => send))
    await writes.until(60)
    servers[0]?.kill('SIGKILL')
    await servers[0]?.exit
    await writes.stop()
    const survivor = servers[1] ?? (await serving(1, environment))[0]
    await checkNothingLost((survivor as Server).send, writes)
    survivor?.kill('SIGTERM')
    await survivor?.exit
    await checkWhole(environment)
  })
})

const programs = postgresPrograms
if (serverUrl === undefined || programs === undefined) {
  test('Postgres can only be killed with DATABASE_URL and its programs', () => {
    expect(serverUrl === undefined || programs === undefined).toBe(true)
  })
} else {
  describe('kill -9 of Postgres', () => {
    let cluster: Cluster
    beforeEach(async () => {
      cluster = await makeCluster(programs)
      ended.push(() => cluster.remove())
      await cluster.start()
      await fill({ databaseUrl: cluster.url, dataDir: '' })
    })

    test('answers 503 until it is back, and loses no acknowledged write', async () => {
      const environment = { DATABASE_URL: cluster.url }
      const servers = await serving(2, environment)
      const sends = servers.map(({ send }) => send)
      const writes = writing(sends)
      await writes.until(60)
      await cluster.kill()
      const [away] = await Promise.all(
        sends.map((send) => send('/atom/connections.do?connectionType=colleague&userid=w0')),
      )
      expect([away?.status, away?.headers['retry-after']]).toEqual([503, '1'])
      await cluster.start()
      const count = writes.acknowledged.accepted.size
      await writes.until(count + 40)
      await writes.stop()
      expect([...writes.statuses].filter((status) => status !== 400).sort()).toEqual([200, 201, 503])
      await checkNothingLost(sends[1] as Send, writes)
      await checkWhole(environment)
    })
  })
}
