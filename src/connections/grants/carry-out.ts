import type { Transaction } from 'kysely'
import type { Tables } from '../../db/tables.js'
import type { Step } from './decide.js'
import { updateGrant } from './grant-store.js'
import { activate, put, removeGrants } from './put.js'
import { tokenHash } from './token.js'
import { tokenAgain, type World } from './world.js'

/** Writes what was decided about one target. */
export async function carryOut(
  db: Transaction<Tables>,
  world: Pick<World, 'tokenKeys'>,
  { before, after, needless }: Step,
  moment: Date,
): Promise<void> {
  await removeGrants(db, needless, moment)
  if (!before) {
    const token = tokenAgain(world, after)
    await put(db, { ...after, tokenHash: token === null ? null : tokenHash(token) }, moment)
  } else if (before.state === 'pending' && after.state === 'active') {
    await activate(db, before, after, before.targetId as string, moment)
  } else {
    await updateGrant(db, after, moment)
  }
}
