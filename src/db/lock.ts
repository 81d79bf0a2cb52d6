import { randomBytes } from 'node:crypto'
import { readdir, rm, stat } from 'node:fs/promises'
import { connect, createServer, type Server } from 'node:net'
import { platform } from 'node:os'
import { join, relative } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { Failure } from '../errors.js'

/**
 * Takes a folder for this process alone. The lock is a socket in the folder that we listen on: the operating system
 * closes it with the process, however that ends, so a lock never outlives its holder.
 *
 * @returns gives the folder free again
 * @throws Failure `unavailable` when another process holds it, `invalid` when its path is too long for a socket
 */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  for (let tries = 0; tries < 4; tries++) {
    const unlock = platform() === 'win32' ? await takePipe(folder) : await takeSocket(folder)
    if (unlock) return unlock
    await wait(20 + Math.random() * 80)
  }
  throw new Failure(
    'unavailable',
    `The embedded database in ${folder} is in use by another process. ` +
      'Stop it (it may be a running server), or put the data on a Postgres server and set DATABASE_URL.',
  )
}

/**
 * Listens on a socket of our own first and looks for others then. Of two that do so at once at least one sees the
 * other, so both may give up, but never both go on.
 */
async function takeSocket(folder: string): Promise<(() => Promise<void>) | undefined> {
  const name = `lock-${randomBytes(4).toString('hex')}`
  const server = await listen(socketAddress(folder, name))
  if (!server) return undefined
  const others = (await readdir(folder)).filter((each) => each.startsWith('lock-') && each !== name)
  const held = await Promise.all(others.map((other) => isHeld(socketAddress(folder, other))))
  if (!held.includes(true)) return closing(server)
  await closing(server)()
  return undefined
}

/** A pipe of Windows is nobody else's while it is open, and gone with its holder. */
async function takePipe(folder: string): Promise<(() => Promise<void>) | undefined> {
  const server = await listen(`\\\\.\\pipe\\${join(folder, 'lock').replaceAll(/[\\/:]/g, '-')}`)
  return server && closing(server)
}

function closing(server: Server): () => Promise<void> {
  server.unref()
  return () => new Promise((resolve) => server.close(() => resolve()))
}

/** The address of a socket, by the shorter of its paths, since there is little room for one. */
function socketAddress(folder: string, name: string): string {
  const file = join(folder, name)
  const shorter = [file, relative('.', file)].sort((a, b) => a.length - b.length)[0] as string
  if (Buffer.byteLength(shorter) <= 100) return shorter
  throw new Failure('invalid', `DATA_DIR ${folder} is too long a path: at most 85 bytes, please.`)
}

/** Listens at the address; undefined when the address is taken. */
function listen(address: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((visitor) => visitor.destroy())
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(undefined) : reject(error),
    )
    server.listen(address, () => resolve(server))
  })
}

const old = 60_000

/** Whether somebody listens there. What a killed process left is cleared away, once nobody can be about to listen. */
async function isHeld(address: string): Promise<boolean> {
  if (await answers(address)) return true
  const since = await stat(address).then(
    ({ mtimeMs }) => mtimeMs,
    () => Infinity,
  )
  if (since < Date.now() - old) await rm(address, { force: true })
  return false
}

function answers(address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const visitor = connect(address, () => resolve(true))
    visitor.once('error', () => resolve(false))
    visitor.once('connect', () => visitor.destroy())
  })
}
