import { createHmac, randomBytes, randomUUID } from 'node:crypto'
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type Kysely, sql } from 'kysely'
import type { Config } from '../config.js'
import { Failure } from '../errors.js'
import type { Tables } from './tables.js'

/** The file name of the secret in the data folder. */
export const secretName = 'token-secret'

/** The token secrets of a server. New tokens are derived from the first; tokens derived from the others stay valid. */
export type Secrets = readonly [Uint8Array, ...Uint8Array[]]

/**
 * Checks that a server has the current token secret of its database. The database stores only fingerprints of secrets.
 * If the first secret is unknown to the database, it becomes the current one, provided that the previous current one is
 * among the others. An empty database accepts every secret.
 *
 * @throws Failure `invalid` if none of the secrets is the current one
 */
export async function checkSecrets(db: Kysely<Tables>, secrets: Secrets): Promise<void> {
  const [newest, ...older] = secrets.map(fingerprint) as [string, ...string[]]
  await db.transaction().execute(async (transaction) => {
    // Several servers may start at the same time on an empty database.
    await sql`lock table token_secret in share row exclusive mode`.execute(transaction)
    const recorded = await transaction
      .selectFrom('token_secret')
      .select('fingerprint')
      .orderBy('position', 'desc')
      .execute()
    const known = recorded.map((row) => row.fingerprint)
    if (known[0] !== undefined && ![newest, ...older].includes(known[0])) throw new Failure('invalid', wrongSecret)
    if (!known.includes(newest)) await transaction.insertInto('token_secret').values({ fingerprint: newest }).execute()
  })
}

/** Identifies a secret without revealing it. */
const fingerprint = (secret: Uint8Array): string =>
  createHmac('sha256', secret).update('connections token secret').digest('hex')

const wrongSecret =
  'The token secret of this server does not match the database: servers would reject each other’s tokens and ' +
  'sessions. Set TOKEN_SECRET (or the file token-secret in DATA_DIR) to the value of the other servers. To change ' +
  'the secret, put the new one last on every server, then first. If the old one is lost, run ' +
  'the command `migrate --new-secret` to use this one.'

/**
 * Makes the first secret the current one of the database.
 *
 * @returns whether this invalidates tokens and sessions, because the previous secret is not among the given ones
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

/** The secrets of `TOKEN_SECRET`; without it, the secret in the file. */
export async function secretsFrom({ TOKEN_SECRET = [], DATA_DIR }: Config): Promise<Secrets> {
  const [newest = await tokenSecret(DATA_DIR), ...older] = TOKEN_SECRET
  return [newest, ...older]
}

/**
 * Reads the token secret from its file in the data folder, or creates the file. The secret is kept out of the database,
 * so that a leaked backup of the database does not reveal it.
 *
 * @returns 32 bytes
 * @throws Failure `invalid` if the file cannot be read or written, or has the wrong length
 */
export async function tokenSecret(dataDir: string): Promise<Uint8Array> {
  const file = join(dataDir, secretName)
  const secret = await storedSecret(file).catch((cause: Error) => {
    const message = `The token secret in ${file} cannot be read or created (${cause.message})`
    const hint = 'check the permissions of the file and its folder, or set TOKEN_SECRET'
    throw new Failure('invalid', `${message}: ${hint}.`, { cause })
  })
  if (secret.length === 32) return secret
  throw new Failure('invalid', `${file} must hold the 32 bytes of the token secret. Restore it from a backup.`)
}

/** Writes a temporary file and links it to its final name. If two processes race, both read the file of the first. */
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
