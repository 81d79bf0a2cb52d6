import type { Transaction } from 'kysely'
import { v7 as newId } from 'uuid'
import type { Tables } from '../db/tables.js'

/** Has somebody told of what the other did, once the transaction has taken effect (`letters/`). */
export async function keepLetter(
  db: Transaction<Tables>,
  { kind, recipientId, connectionId }: { kind: 'invited' | 'accepted'; recipientId: string; connectionId: string },
  moment: Date,
): Promise<void> {
  await db
    .insertInto('outbox')
    .values({
      id: newId(),
      kind,
      recipient_id: recipientId,
      payload: JSON.stringify({ connectionId }),
      created_at: moment,
      due_at: moment,
      sent_at: null,
    })
    .execute()
}
