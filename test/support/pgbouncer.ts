import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { answers, freePort, unprivileged } from './cluster.js'

export interface Pooler {
  readonly url: string
  close(): Promise<void>
}

/** Starts PgBouncer in transaction mode in front of a database, with fewer connections than its clients ask for. */
export async function startPgBouncer(program: string, database: URL): Promise<Pooler> {
  const folder = mkdtempSync(join(tmpdir(), 'connections-pgbouncer-'))
  chmodSync(folder, 0o755)
  const port = await freePort()
  const file = join(folder, 'pgbouncer.ini')
  writeFileSync(
    file,
    `[databases]
* = host=${database.hostname} port=${database.port || 5432} user=${database.username}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 5
max_client_conn = 200
`,
  )
  const child = spawn(program, ['-q', file], { ...unprivileged(), cwd: folder, stdio: 'ignore' })
  const ended = once(child, 'exit')
  const url = new URL(database)
  url.port = String(port)
  while (!(await answers(url.href))) {
    if (child.exitCode !== null) throw new Error(`PgBouncer ended with ${child.exitCode}`)
  }
  const close = async () => {
    child.kill('SIGKILL')
    await ended
    rmSync(folder, { recursive: true })
  }
  return { url: url.href, close }
}
