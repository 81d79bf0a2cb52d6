import type { Kysely } from 'kysely'
import type { Tables } from '../db/tables.js'
import type { Situation } from './occasion.js'

/** Reads how things are between a recipient and a connection; undefined where the recipient has no account. */
export async function findSituation(
  db: Kysely<Tables>,
  recipientId: string,
  connectionId: string,
): Promise<Situation | undefined> {
  return db
    .selectFrom('account as recipient')
    .leftJoin('colleague', (join) =>
      join.onRef('colleague.owner_id', '=', 'recipient.id').on('colleague.connection_id', '=', connectionId),
    )
    .leftJoin('account as person', 'person.id', 'colleague.peer_id')
    .select([
      'recipient.name',
      'recipient.email',
      'recipient.state',
      'colleague.status',
      'colleague.message',
      'person.name as personName',
      'person.key as personKey',
    ])
    .where('recipient.id', '=', recipientId)
    .executeTakeFirst()
}
