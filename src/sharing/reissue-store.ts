import { type Kysely, sql } from 'kysely'
import { inBatches } from '../db/batches.js'
import { json } from '../db/prepared.js'
import type { Tables } from '../db/tables.js'
import { tokenHash, type TokenKeys, tokenOf } from './grant.js'

/**
 * Gives every connection whose token is of a secret that is not known any more a token of the newest one: the old token
 * ends, and links and invitations can be shown and sent again.
 *
 * @returns how many there were
 */
export async function reissueTokens(db: Kysely<Tables>, keys: TokenKeys): Promise<number> {
  const known = keys.map(({ id }) => id)
  return inBatches(async (most) => {
    const { rows } = await sql<{ id: string }>`
      select id from connection
      where token_hash is not null and (token_key is null or token_key <> all(${known}::text[]))
      limit ${most}`.execute(db)
    if (rows.length === 0) return 0
    const hashes = rows.map(({ id }) => ({ id, hash: Buffer.from(tokenHash(tokenOf(keys[0], id))).toString('hex') }))
    await sql`
      update connection set token_hash = decode(hash, 'hex'), token_key = ${keys[0].id}
      from jsonb_to_recordset(${json(hashes)}) as fresh (id uuid, hash text)
      where connection.id = fresh.id`.execute(db)
    return rows.length
  })
}
