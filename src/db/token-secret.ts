import { randomBytes } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Failure } from '../errors.js'

/**
 * The secret that tokens are made of, kept in a file beside the data, outside the database; made when there is none.
 *
 * @returns 32 bytes
 * @throws Failure `invalid` where the file holds something else
 */
export async function tokenSecret(dataDir: string): Promise<Uint8Array> {
  await mkdir(dataDir, { recursive: true })
  const file = join(dataDir, 'token-secret')
  // Of two that make it at once one is the first, and both read what that one wrote.
  await writeFile(file, randomBytes(32), { flag: 'wx', mode: 0o600 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error
  })
  const secret = await readFile(file)
  if (secret.length === 32) return secret
  throw new Failure(
    'invalid',
    `${file} must hold 32 bytes; it is the secret of all tokens, so restore it from a backup.`,
  )
}
