import { createHmac, randomBytes, randomUUID } from 'node:crypto'
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type Kysely, sql } from 'kysely'
import { Failure } from '../errors.js'
import type { Tables } from './tables.js'

/** The file of the secret; a folder that has no other may still become one of data. */
export const secretName = 'token-secret'

/** The secrets of a server: the first makes tokens, and the others show again those that they made. */
export type Secrets = readonly [Uint8Array, ...Uint8Array[]]

/** Tells a secret from others; only who has the secret can make it. */
const fingerprint = (secret: Uint8Array): string =>
  createHmac('sha256', secret).update('connections token secret').digest('hex')

const otherSecret =
  'The secret of this server is another than that of the database, so no server would accept the tokens and sessions of ' +
  'the other. Give TOKEN_SECRET (or the file token-secret in DATA_DIR) what the other servers have. To change the secret, ' +
  'put the new one last on every server, then first. If the old one is lost, the command `migrate --new-secret` takes ' +
  'this one.'

/**
 * Sees to it that all servers on one database have its secret, of which it keeps a fingerprint: they need the one that was
 * new last. A newer one is taken over from the first server that has both.
 *
 * @throws Failure `invalid` where none of the secrets is that of the database
 */
export async function checkSecrets(db: Kysely<Tables>, secrets: Secrets): Promise<void> {
  const [newest, ...older] = secrets.map(fingerprint) as [string, ...string[]]
  await db.transaction().execute(async (transaction) => {
    // Servers that start at once on an empty database take turns.
    await sql`lock table token_secret in share row exclusive mode`.execute(transaction)
    const recorded = await transaction
      .selectFrom('token_secret')
      .select('fingerprint')
      .orderBy('position', 'desc')
      .execute()
    const known = recorded.map((row) => row.fingerprint)
    if (known[0] !== undefined && ![newest, ...older].includes(known[0])) throw new Failure('invalid', otherSecret)
    if (!known.includes(newest)) await transaction.insertInto('token_secret').values({ fingerprint: newest }).execute()
  })
}

/**
 * Takes the first of the secrets for that of the database, whatever it was.
 *
 * @returns whether what the former one signed ends by that
 */
export async function takeSecrets(db: Kysely<Tables>, secrets: Secrets): Promise<boolean> {
  const held = secrets.map(fingerprint)
  const { rows } = await sql<{ fingerprint: string }>`
    select fingerprint from token_secret order by position desc limit 1`.execute(db)
  await db
    .deleteFrom('token_secret')
    .where('fingerprint', '=', held[0] as string)
    .execute()
  await db
    .insertInto('token_secret')
    .values({ fingerprint: held[0] as string })
    .execute()
  return rows.some((former) => !held.includes(former.fingerprint))
}

/** The secrets that are given, else that of the file. */
export async function secretsFrom(given: readonly Uint8Array[], dataDir: string): Promise<Secrets> {
  const [newest = await tokenSecret(dataDir), ...older] = given
  return [newest, ...older]
}

/**
 * The secret that tokens are made of, kept in a file beside the data, outside the database; made when there is none.
 *
 * @returns 32 bytes
 * @throws Failure `invalid` where the file holds something else
 */
export async function tokenSecret(dataDir: string): Promise<Uint8Array> {
  const file = join(dataDir, secretName)
  const secret = await storedSecret(file).catch((cause: Error) => {
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
async function storedSecret(file: string): Promise<Uint8Array> {
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
