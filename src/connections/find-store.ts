import type { Kysely } from 'kysely'
import { columnsOf, toAccount } from '../accounts/store.js'
import { onceFor, prepared, type Value } from '../db/prepared.js'
import type { Tables } from '../db/tables.js'
import type { Colleague, Relationship } from './connection.js'

/** Which view of a connection is meant: the one with this id, or that of an owner on a peer. */
export type Which = { readonly id: string } | { readonly ownerId: string; readonly peerId: string }

/** Finds a view of a connection, with both people; undefined where there is none, or a person is missing. */
export async function findColleague(db: Kysely<Tables>, which: Which): Promise<Colleague | undefined> {
  const [row] =
    'id' in which
      ? await statement({ by: 'id' }).run(db, { one: which.id, other: '' })
      : await statement({ by: 'people' }).run(db, { one: which.ownerId, other: which.peerId })
  if (!row) return undefined
  const [owner, peer] = [toAccount(row, 'owner'), toAccount(row, 'peer')]
  return {
    id: row.id,
    connectionId: row.connection_id,
    status: row.status,
    owner,
    peer,
    inviter: row.inviter_id === owner.id ? owner : peer,
    changedBy: row.changed_by === owner.id ? owner : peer,
    message: row.message,
    updated: row.updated_at,
  }
}

const statement = onceFor(({ by }: { by: 'id' | 'people' }) =>
  prepared((db, value: Value<{ one: string; other: string }>) =>
    db
      .selectFrom('colleague')
      .innerJoin('account as owner', 'owner.id', 'colleague.owner_id')
      .innerJoin('account as peer', 'peer.id', 'colleague.peer_id')
      .select([
        'colleague.id',
        'connection_id',
        'status',
        'inviter_id',
        'changed_by',
        'message',
        'colleague.updated_at',
      ])
      .select(columnsOf('owner'))
      .select(columnsOf('peer'))
      .$if(by === 'id', (query) => query.where('colleague.id', '=', value('one')))
      .$if(by === 'people', (query) =>
        query.where('colleague.owner_id', '=', value('one')).where('colleague.peer_id', '=', value('other')),
      ),
  ),
)

/** Every relationship of a person, accepted or not. */
export async function findRelationships(db: Kysely<Tables>, ownerId: string): Promise<Relationship[]> {
  const rows = await db
    .selectFrom('colleague')
    .select(['connection_id', 'peer_id', 'inviter_id', 'status'])
    .where('owner_id', '=', ownerId)
    .execute()
  return rows.map((row) => ({
    connectionId: row.connection_id,
    inviterId: row.inviter_id,
    invitedId: row.inviter_id === ownerId ? row.peer_id : ownerId,
    isAccepted: row.status === 'accepted',
  }))
}
