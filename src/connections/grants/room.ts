import type { Transaction } from 'kysely'
import type { Tables } from '../../db/tables.js'
import { countInvitations } from '../event-store.js'
import { invitationsADay } from '../rules.js'
import type { Sharing } from './sharing.js'
import { countLetters } from './throttle-store.js'

/** How many invitations somebody may make within an hour. */
const mostAnHour = 100

/** How many letters may be owed on somebody's behalf within an hour. */
const mostLettersAnHour = 50

/** How many more invitations a creator may make just now, and letters may be owed on their behalf. */
export interface Room {
  readonly invitations: number
  readonly letters: number
}

/** Reads how much room a creator has. Calls with `skipAcl` are not limited. */
export async function roomOf(
  db: Transaction<Tables>,
  { creator, skipAcl }: Pick<Sharing, 'creator' | 'skipAcl'>,
): Promise<Room> {
  if (skipAcl) return { invitations: Infinity, letters: Infinity }
  const { lastDay, lastHour } = await countInvitations(db, creator.id)
  return {
    invitations: Math.min(mostAnHour - lastHour, invitationsADay - lastDay),
    letters: mostLettersAnHour - (await countLetters(db, creator.id)),
  }
}
