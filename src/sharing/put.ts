import type { Transaction } from 'kysely'
import { movesBetween, type Relationship } from '../connections/model.js'
import {
  deleteRelationships,
  insertRelationship,
  bumpNetworks,
  updateRelationship,
} from '../connections/write-store.js'
import type { Tables } from '../db/tables.js'
import { insertGrant, type NewGrant, rowOf, updateGrant } from './grant-store.js'
import { type Grant, isBetweenAccounts } from './grant.js'

type Db = Transaction<Tables>

/** What a connection between two accounts is to their feeds; undefined for any other. */
const relationshipOf = (grant: Grant | NewGrant): Relationship | undefined =>
  isBetweenAccounts(grant)
    ? {
        connectionId: grant.id,
        inviterId: grant.contextId,
        invitedId: grant.targetId as string,
        isAccepted: grant.state === 'active',
      }
    : undefined

/** Writes a new connection, and where it is between two accounts, both their views of it. */
export async function put(db: Db, grant: NewGrant, moment: Date, created = moment): Promise<void> {
  const relationship = relationshipOf(grant)
  if (!relationship) return insertGrant(db, grant, moment)
  const changedBy = relationship.isAccepted ? relationship.invitedId : relationship.inviterId
  const row = { ...rowOf(grant, moment), created_at: created }
  await insertRelationship(db, relationship, { changedBy, message: '', moment }, row)
  await bumpNetworks(db, movesBetween(undefined, relationship), moment)
}

/**
 * Makes a pending connection active.
 *
 * @param after as it becomes; its target is another where it was for an address
 * @param changedBy who accepts it
 */
export async function activate(db: Db, before: Grant, after: Grant, changedBy: string, moment: Date): Promise<void> {
  if (isBetweenAccounts(after) && !isBetweenAccounts(before)) {
    await removeGrants(db, [before], moment)
    return put(db, { ...after, tokenHash: null, tokenKey: null }, moment, before.created)
  }
  await updateGrant(db, after, moment)
  const was = relationshipOf(before)
  if (!was) return
  const is = { ...was, isAccepted: true }
  await updateRelationship(db, is, { changedBy, moment })
  await bumpNetworks(db, movesBetween(was, is), moment)
}

/** Removes connections, and where they are between two accounts, both their views. */
export async function removeGrants(db: Db, grants: readonly Grant[], moment: Date): Promise<void> {
  if (grants.length === 0) return
  await deleteRelationships(
    db,
    grants.map(({ id }) => id),
  )
  const moves = grants.flatMap((grant) => movesBetween(relationshipOf(grant), undefined))
  if (moves.length > 0) await bumpNetworks(db, moves, moment)
}
