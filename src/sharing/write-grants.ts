import type { Transaction } from 'kysely'
import { movesBetween, type Relationship } from '../connections/model.js'
import {
  bumpNetworks,
  deleteRelationships,
  insertRelationship,
  updateRelationship,
} from '../connections/write-store.js'
import type { Tables } from '../db/tables.js'
import { grantingColumns, insertGrant, type NewGrant, rowOf, updateGrant } from './grant-store.js'
import { type Grant, isBetweenAccounts } from './grant.js'

type Db = Transaction<Tables>

/** Inserts a new connection. For a connection of two accounts, also inserts both views. */
export async function createGrant(db: Db, grant: NewGrant, moment: Date, created = moment): Promise<void> {
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
 * @param after the active connection; its target is set, even for an invitation by address
 * @param change `message` is the new message of the two views; undefined for no change
 */
export async function activateGrant(
  db: Db,
  before: Grant,
  after: Grant,
  change: { readonly changedBy: string; readonly message?: string; readonly moment: Date },
): Promise<void> {
  const { moment } = change
  if (isBetweenAccounts(after) && !isBetweenAccounts(before)) {
    await removeGrants(db, [before], moment)
    return createGrant(db, { ...after, tokenHash: null, tokenKey: null }, moment, before.created)
  }
  const was = relationshipOf(before)
  if (!was) return updateGrant(db, after, moment)
  const is = { ...was, isAccepted: true }
  await updateRelationship(db, is, { ...change, grants: grantingColumns(after) })
  await bumpNetworks(db, movesBetween(was, is), moment)
}

/** Removes connections. For those between two accounts, also removes both views. */
export async function removeGrants(db: Db, grants: readonly Grant[], moment: Date): Promise<void> {
  if (grants.length === 0) return
  await deleteRelationships(
    db,
    grants.map(({ id }) => id),
  )
  const moves = grants.flatMap((grant) => movesBetween(relationshipOf(grant), undefined))
  if (moves.length > 0) await bumpNetworks(db, moves, moment)
}

/** The relationship that both accounts see in their feeds; undefined for any other connection. */
const relationshipOf = (grant: Grant | NewGrant): Relationship | undefined =>
  isBetweenAccounts(grant)
    ? {
        connectionId: grant.id,
        inviterId: grant.contextId,
        invitedId: grant.targetId as string,
        isAccepted: grant.state === 'active',
      }
    : undefined
