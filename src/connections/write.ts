import type { Kysely, Transaction } from 'kysely'
import { v7 as newId } from 'uuid'
import type { Tables } from '../db/tables.js'
import { transact } from '../db/transact.js'
import type { Colleague } from './connection.js'
import { hasEvent } from './event-store.js'

/** Looks at a connection as it is when it is about to be changed, and throws where that must not be. */
export type Precondition = (colleague: Colleague) => void

/**
 * Changes the graph in one transaction. Whether it took effect is told by the event that it keeps, should the
 * connection to the database break just then (trust, C11).
 *
 * @param work must keep its first event under the given id
 */
export function write<Result>(
  db: Kysely<Tables>,
  work: (transaction: Transaction<Tables>, eventId: string) => Promise<Result>,
): Promise<Result> {
  const eventId = newId()
  return transact(
    db,
    (transaction) => work(transaction, eventId),
    () => hasEvent(db, eventId),
  )
}
