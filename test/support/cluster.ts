import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'

/** A private Postgres that a test may kill. */
export interface Cluster {
  readonly url: string
  start(): Promise<void>
  /** Kills it at once, like a power cut. */
  kill(): Promise<void>
  /** Suspends all its processes: connections stay open without answers. */
  freeze(): void
  thaw(): void
  remove(): Promise<void>
}

/** The folder of the server programs, as packaged by Debian or by Postgres; undefined if absent. */
function findPrograms(): string | undefined {
  const folder = '/usr/lib/postgresql'
  const versions = existsSync(folder) ? readdirSync(folder).sort((one, other) => Number(other) - Number(one)) : []
  return versions.map((version) => join(folder, version, 'bin')).find((bin) => existsSync(join(bin, 'initdb')))
}

export const postgresPrograms = findPrograms()

/** Postgres refuses to run as root; then it runs as the user `postgres`. */
export function unprivileged(): { uid?: number; gid?: number } {
  if (userInfo().uid !== 0) return {}
  const number = (option: string) => Number(execFileSync('id', [option, 'postgres']).toString())
  return { uid: number('-u'), gid: number('-g') }
}

/** Creates a cluster in a temporary folder, without starting it. All local users may connect. */
export async function makeCluster(bin: string): Promise<Cluster> {
  const folder = mkdtempSync(join(tmpdir(), 'connections-cluster-'))
  chmodSync(folder, 0o777)
  const data = join(folder, 'data')
  const as = { ...unprivileged(), cwd: folder }
  execFileSync(join(bin, 'initdb'), ['-A', 'trust', '-U', 'postgres', '-E', 'UTF8', '--locale=C', '-D', data], {
    ...as,
    stdio: 'ignore',
  })
  const port = await freePort()
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`
  let stop = () => Promise.resolve()
  let pid = 0
  const start = async () => {
    const settings = ['-c', 'listen_addresses=127.0.0.1', '-k', folder, '-p', String(port)]
    const server = spawn(join(bin, 'postgres'), ['-D', data, ...settings], { ...as, stdio: 'ignore' })
    const ended = once(server, 'exit')
    pid = server.pid as number
    stop = async () => {
      server.kill('SIGKILL')
      await ended
    }
    while (!(await answers(url))) {
      // After a kill, a new server cannot start until all children have exited.
      if (server.exitCode !== null) return start()
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
  /** The parent first, so that it forks no more children. */
  const signal = (name: NodeJS.Signals) => {
    process.kill(pid, name)
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
    for (const child of children.split(' ').filter(Boolean)) process.kill(Number(child), name)
  }
  const remove = async () => {
    await stop()
    rmSync(folder, { recursive: true, force: true, maxRetries: 20 })
  }
  return { url, start, kill: () => stop(), freeze: () => signal('SIGSTOP'), thaw: () => signal('SIGCONT'), remove }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

export async function answers(connectionString: string): Promise<boolean> {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 500 })
  client.on('error', () => {})
  const isUp = await client.connect().then(
    () => true,
    () => false,
  )
  await client.end().catch(() => {})
  return isUp
}
