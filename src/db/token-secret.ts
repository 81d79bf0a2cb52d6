import { randomBytes, randomUUID } from 'node:crypto'
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Failure } from '../errors.js'

/** The file of the secret; a folder that has no other may still become one of data. */
export const secretName = 'token-secret'

/**
 * The secret that tokens are made of, kept in a file beside the data, outside the database; made when there is none.
 *
 * @returns 32 bytes
 * @throws Failure `invalid` where the file holds something else
 */
export async function tokenSecret(dataDir: string): Promise<Uint8Array> {
  const file = join(dataDir, secretName)
  const secret = await kept(file).catch((cause: Error) => {
    const hint = 'give DATA_DIR a folder that can be written, or set TOKEN_SECRET'
    throw new Failure('invalid', `The secret of all tokens cannot be kept in ${file} (${cause.message}): ${hint}.`, {
      cause,
    })
  })
  if (secret.length === 32) return secret
  throw new Failure(
    'invalid',
    `${file} must hold 32 bytes; it is the secret of all tokens, so restore it from a backup.`,
  )
}

/** Written whole under another name first: of two that make it at once one is the first, and both read what that one wrote. */
async function kept(file: string): Promise<Uint8Array> {
  const fresh = `${file}-${randomUUID()}`
  await mkdir(dirname(file), { recursive: true })
  await writeFile(fresh, randomBytes(32), { mode: 0o600 })
  try {
    await link(fresh, file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    await rm(fresh)
  }
  return readFile(file)
}
