import type { Transaction } from 'kysely'
import { v7 as newId } from 'uuid'
import type { Tables } from '../db/tables.js'

/** A letter that somebody is owed about a connection. */
export interface Owed {
  /** `invited` and `accepted` are between two accounts; `offered` is any other invitation, `connected` needed none. */
  readonly kind: 'invited' | 'accepted' | 'offered' | 'connected'
  /** Null where the connection is for an address. */
  readonly recipientId: string | null
  readonly connectionId: string
  /** On whose behalf, where such letters are counted. */
  readonly creatorId?: string
  /** What the connection is about, where the recipient may know its name. */
  readonly title?: string
}

/** Has somebody told of what was done, once the transaction has taken effect (`letters/`). */
export async function keepLetter(
  db: Transaction<Tables>,
  { kind, recipientId, connectionId, creatorId, title }: Owed,
  moment: Date,
): Promise<void> {
  await db
    .insertInto('outbox')
    .values({
      id: newId(),
      kind,
      recipient_id: recipientId,
      creator_id: creatorId ?? null,
      payload: JSON.stringify({ connectionId, title }),
      created_at: moment,
      due_at: moment,
      sent_at: null,
    })
    .execute()
}
