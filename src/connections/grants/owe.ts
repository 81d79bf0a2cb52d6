import type { Transaction } from 'kysely'
import type { Tables } from '../../db/tables.js'
import { keepLetter, type Owed } from '../letter-store.js'
import type { Step } from './decide.js'
import { isBetweenAccounts } from './grant.js'
import type { Room } from './room.js'
import type { Sharing } from './sharing.js'
import { noteLetter } from './throttle-store.js'
import { titleOf } from './title.js'
import { accessGiven } from './world.js'

/**
 * Owes a target a letter about what was done, where one is due and there is room for it.
 *
 * @returns the room that is left
 */
export async function owe(
  db: Transaction<Tables>,
  sharing: Sharing,
  step: Step,
  room: Room,
  moment: Date,
): Promise<Room> {
  const owed = owedFor(sharing, step)
  if (!owed || room.letters <= 0 || !(await noteLetter(db, owed.connectionId, moment))) return room
  await keepLetter(db, owed, moment)
  return { ...room, letters: room.letters - 1 }
}

/**
 * Whether whoever is connected at once is told of it is the type's to say (reference connections-module.md, section 3);
 * of more access nobody is.
 */
function owedFor({ type, context, creator, skipAcl, isNotified }: Sharing, { verb, after }: Step): Owed | undefined {
  if (!isNotified || verb === 'upgraded' || (verb === 'connected' && !type.sendNotifications)) return undefined
  const title = titleOf(type, context, accessGiven(after))
  return {
    kind: verb === 'connected' ? 'connected' : isBetweenAccounts(after) ? 'invited' : 'offered',
    recipientId: after.targetId,
    connectionId: after.id,
    // Calls with `skipAcl` are not counted.
    ...(!skipAcl && { creatorId: creator.id }),
    ...(title !== undefined && { title }),
  }
}
