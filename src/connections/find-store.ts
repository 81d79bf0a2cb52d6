import type { Kysely } from 'kysely'
import { columnsOf, toAccount } from '../accounts/store.js'
import { onceFor, prepared, type Value } from '../db/prepared.js'
import type { Tables } from '../db/tables.js'
import type { Colleague, Relationship } from './connection.js'
import { entryColumns, entryNames } from './list-statements.js'
import { toColleague } from './store.js'

/** Which view of a connection is meant: the one with this id, or that of an owner on a peer. */
export type Which = { readonly id: string } | { readonly ownerId: string; readonly peerId: string }

/** Finds a view of a connection, with both people; undefined where there is none, or a person is missing. */
export async function findColleague(db: Kysely<Tables>, which: Which): Promise<Colleague | undefined> {
  const [row] =
    'id' in which
      ? await statement({ by: 'id' }).run(db, { one: which.id, other: '' })
      : await statement({ by: 'people' }).run(db, { one: which.ownerId, other: which.peerId })
  return row && toColleague(row, toAccount(row, 'owner'))
}

const statement = onceFor(({ by }: { by: 'id' | 'people' }) =>
  prepared((db, value: Value<{ one: string; other: string }>) =>
    db
      .selectFrom((from) =>
        from
          .selectFrom('colleague')
          .select([...entryColumns, 'owner_id'])
          .$if(by === 'id', (query) => query.where('id', '=', value('one')))
          .$if(by === 'people', (query) =>
            query.where('owner_id', '=', value('one')).where('peer_id', '=', value('other')),
          )
          .as('entry'),
      )
      .innerJoin('account as owner', 'owner.id', 'entry.owner_id')
      .innerJoin('account as peer', 'peer.id', 'entry.entry_peer_id')
      .select(entryNames)
      .select(columnsOf('owner'))
      .select(columnsOf('peer')),
  ),
)

/** Finds every relationship of a person, or that of which a view has this id; also where a person has no account. */
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
