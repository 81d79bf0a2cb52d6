import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { freshDatabase } from '../support/database.js'
import { startServers, stopServers } from '../support/servers.js'
import { addPerson, connect as connectPeople } from '../support/world.js'
import { reader } from './polling.js'

/** A crowd that asks from one address, while a reader at another polls. */
export interface Crowded {
  readonly name: string
  /** The 99th percentile of polls in milliseconds, without the crowd and with it. */
  readonly quiet: number
  readonly crowded: number
  /** Polls that were refused. */
  readonly refused: number
  /** By how many megabytes the process grew. */
  readonly grown: number
}

const feed = '/profiles/atom/connections.do?connectionType=colleague&userid=owner'
const largest = `${feed}&outputType=profile&format=full&ps=250`
const from = '127.0.0.2'

const p99 = (times: number[]) => times.toSorted((a, b) => a - b)[Math.floor(times.length * 0.99)] as number

/**
 * How long a reader waits while 500 clients send their bodies a byte a second, and while 200 never read the largest
 * pages that there are. Needs a server: the embedded database is one thread with us.
 */
export async function crowding(): Promise<Crowded[]> {
  const database = await freshDatabase()
  const owner = await addPerson(database.db, 'owner')
  const text = 'Builds bridges, and reads what others write about them. '
  for (let index = 0; index < 250; index++) {
    const profile = { title: 'Engineer', city: 'Ulm', workPhone: '1', description: text.repeat(40) }
    const peer = await addPerson(database.db, `peer${index}`, { profile })
    await connectPeople(database.db, owner, peer, 'accepted')
  }
  const environment = {
    DATABASE_URL: database.url ?? '',
    ANONYMOUS_PER_MINUTE: '1000000',
    MAX_DELAY_MS: '300',
    LOG_LEVEL: 'silent',
  }
  const servers = await startServers(1, environment)
  const { base, pid } = servers[0] as (typeof servers)[number]
  const port = Number(new URL(base).port)

  const timed = async (milliseconds: number) => {
    const times: number[] = []
    let refused = 0
    const until = performance.now() + milliseconds
    while (performance.now() < until) {
      const start = performance.now()
      const poller = await reader({ port, path: feed, from })
      const answer = await poller.get('')
      poller.end()
      times.push(performance.now() - start)
      if (!answer.startsWith('HTTP/1.1 200 ')) refused++
      await wait(5)
    }
    return { times, refused }
  }
  const measure = async (name: string, count: number, client: () => Socket): Promise<Crowded> => {
    await timed(1_000)
    const quiet = await timed(5_000)
    const before = memoryOf(pid)
    const sockets = new Set<Socket>()
    let isOver = false
    const join = () => {
      if (isOver) return
      const socket = client()
      sockets.add(socket)
      socket.on('error', () => {})
      socket.once('close', () => {
        sockets.delete(socket)
        setTimeout(join, 200)
      })
    }
    for (let index = 0; index < count; index++) join()
    const crowded = await timed(12_000)
    const grown = memoryOf(pid) - before
    isOver = true
    for (const socket of sockets) socket.destroy()
    return { name, quiet: p99(quiet.times), crowded: p99(crowded.times), refused: crowded.refused, grown }
  }

  const results = [
    await measure('500 slow senders', 500, () => trickle(port)),
    await measure('200 clients that never read', 200, () => {
      const socket = connect(port, '127.0.0.1')
      socket.pause()
      socket.write(`GET ${largest} HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: identity\r\n\r\n`)
      return socket
    }),
  ]
  await stopServers(servers)
  await database.close()
  return results
}

function trickle(port: number): Socket {
  const socket = connect(port, '127.0.0.1')
  socket.write(
    'POST /profiles/html/signIn.do HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n' +
      'Content-Type: application/x-www-form-urlencoded\r\n\r\n',
  )
  const timer = setInterval(() => socket.write('a'), 1_000)
  socket.on('data', () => {})
  socket.once('close', () => clearInterval(timer))
  return socket
}

/** The resident memory of a process, in megabytes. */
const memoryOf = (pid: number): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024
