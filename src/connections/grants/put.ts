import type { Transaction } from 'kysely'
import type { Tables } from '../../db/tables.js'
import { movesBetween, type Relationship } from '../connection.js'
import { deleteRelationships, insertRelationship, moveNetworks, updateRelationship } from '../write-store.js'
import { type Grant, isBetweenAccounts } from './grant.js'
import { insertGrant, type NewGrant, rowOf, updateGrant } from './grant-store.js'

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
  await moveNetworks(db, movesBetween(undefined, relationship), moment)
}

/**
 * Makes a pending connection active.
 *
 * @param targetId whose it is from now on: another than it was for, where that was an address
 */
export async function activate(
  db: Db,
  grant: Grant,
  { targetId, access, roles }: { targetId: string; access: number; roles: readonly string[] },
  moment: Date,
): Promise<void> {
  const before = relationshipOf(grant)
  if (grant.object === 'account' && grant.targetId !== targetId) {
    await remove(db, [grant], moment)
    const active = { ...grant, targetId, access, roles, state: 'active' as const, expiresAt: null }
    return put(db, { ...active, tokenHash: null, tokenKey: null }, moment, grant.created)
  }
  await updateGrant(db, grant.id, { state: 'active', targetId, access, roles }, moment)
  if (!before) return
  const after = { ...before, isAccepted: true }
  await updateRelationship(db, after, { changedBy: targetId, moment })
  await moveNetworks(db, movesBetween(before, after), moment)
}

/** Removes connections, and where they are between two accounts, both their views. */
export async function remove(db: Db, grants: readonly Grant[], moment: Date): Promise<void> {
  if (grants.length === 0) return
  await deleteRelationships(
    db,
    grants.map(({ id }) => id),
  )
  const moves = grants.flatMap((grant) => movesBetween(relationshipOf(grant), undefined))
  if (moves.length > 0) await moveNetworks(db, moves, moment)
}
