import { rm } from 'node:fs/promises'
import { connect, createServer, type Server } from 'node:net'
import { platform } from 'node:os'
import { join, relative } from 'node:path'
import { Failure } from '../errors.js'

/**
 * Takes a folder for this process alone. The lock is a socket in the folder that we listen on: the operating system
 * closes it with the process, however that ends, so a lock never outlives its holder.
 *
 * @returns gives the folder free again
 * @throws Failure `unavailable` when another process holds it, `invalid` when its path is too long for a socket
 */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  const address = socketAddress(folder)
  const server =
    (await listen(address)) ?? ((await answers(address)) ? undefined : await rm(address).then(() => listen(address)))
  if (!server) {
    throw new Failure(
      'unavailable',
      `The embedded database in ${folder} is in use by another process. ` +
        'Stop it (it may be a running server), or put the data on a Postgres server and set DATABASE_URL.',
    )
  }
  server.unref()
  return () => new Promise((resolve) => server.close(() => resolve()))
}

function socketAddress(folder: string): string {
  const file = join(folder, 'lock')
  if (platform() === 'win32') return `\\\\.\\pipe\\${file.replaceAll(/[\\/:]/g, '-')}`
  const shorter = [file, relative('.', file)].sort((a, b) => a.length - b.length)[0] as string
  if (Buffer.byteLength(shorter) <= 100) return shorter
  throw new Failure('invalid', `DATA_DIR ${folder} is too long a path: at most 95 bytes, please.`)
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

/** Whether somebody listens there, or only the file of a process that was killed is left. */
function answers(address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const visitor = connect(address, () => resolve(true))
    visitor.once('error', () => resolve(false))
    visitor.once('connect', () => visitor.destroy())
  })
}
