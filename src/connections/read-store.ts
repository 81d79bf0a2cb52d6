import type { Kysely } from 'kysely'
import { onceFor, prepared, type Value } from '../db/prepared.js'
import type { Tables } from '../db/tables.js'
import { columnsOf, toAccount } from '../people/store.js'
import { type Colleague, type Relationship, viewOf } from './model.js'

/** Identifies one view of a connection, by id or by its two people. */
type ConnectionRef = { readonly id: string } | { readonly ownerId: string; readonly peerId: string }

/** Finds a view of a connection with both people; undefined if there is none or an account is missing. */
export async function findColleague(db: Kysely<Tables>, which: ConnectionRef): Promise<Colleague | undefined> {
  const [row] =
    'id' in which
      ? await colleagueStatement({ by: 'id' }).run(db, { one: which.id, other: '' })
      : await colleagueStatement({ by: 'people' }).run(db, { one: which.ownerId, other: which.peerId })
  return row && viewOf(row, toAccount(row, 'owner'), toAccount(row, 'peer'))
}

const colleagueStatement = onceFor(({ by }: { by: 'id' | 'people' }) =>
  prepared((db, value: Value<{ one: string; other: string }>) =>
    db
      .selectFrom('colleague as entry')
      .$if(by === 'id', (query) => query.where('entry.id', '=', value('one')))
      .$if(by === 'people', (query) =>
        query.where('entry.owner_id', '=', value('one')).where('entry.peer_id', '=', value('other')),
      )
      .innerJoin('account as owner', 'owner.id', 'entry.owner_id')
      .innerJoin('account as peer', 'peer.id', 'entry.peer_id')
      .select([
        'entry.id',
        'entry.connection_id as connectionId',
        'entry.status',
        'entry.inviter_id as inviterId',
        'entry.changed_by as changedBy',
        'entry.message',
        'entry.updated_at as updated',
      ])
      .select(columnsOf('owner'))
      .select(columnsOf('peer')),
  ),
)

/** Finds all relationships of a person, or the one of a view. Works even if an account is missing. */
export async function findRelationships(
  db: Kysely<Tables>,
  which: { readonly ownerId: string } | { readonly id: string },
): Promise<Relationship[]> {
  const rows = await db
    .selectFrom('colleague')
    .select(['connection_id', 'owner_id', 'peer_id', 'inviter_id', 'status'])
    .where('id' in which ? 'id' : 'owner_id', '=', 'id' in which ? which.id : which.ownerId)
    .execute()
  return rows.map((row) => ({
    connectionId: row.connection_id,
    inviterId: row.inviter_id,
    invitedId: row.inviter_id === row.owner_id ? row.peer_id : row.owner_id,
    isAccepted: row.status === 'accepted',
  }))
}
