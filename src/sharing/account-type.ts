import type { Transaction } from 'kysely'
import type { Tables } from '../db/tables.js'
import { Failure } from '../errors.js'
import { findGrant } from './grant-store.js'
import { complete, type ObjectDefinition } from './object-types.js'
import { isValid } from './valid.js'

/** What everyone has of an account without a connection, and what may be passed on of it: at every door. */
export const accountRights = {
  owner: ({ _id }) => _id,
  acl: [
    { type: 'self', allow: 'delete' },
    { type: 'role', target: 'admin', allow: 'delete' },
    { type: 'account', target: 'signed-in', allow: 'public' },
  ],
  shareChain: ['update', 'share', 'read', 'connected'],
} satisfies Partial<ObjectDefinition>

const names = { name: 'account', plural: 'accounts' }
const accounts = complete({ ...names, ...accountRights, load: () => Promise.resolve([]), properties: {} })

/**
 * Whether an invitation between two accounts may be accepted: the account that made it must be active, and if that is a third
 * account, still be allowed to invite on the inviter's behalf.
 *
 * @throws Failure `forbidden`
 */
export async function checkMayBeAccepted(db: Transaction<Tables>, connectionId: string): Promise<void> {
  const grant = await findGrant(db, connectionId)
  if (!grant || (await isValid(db, accounts, { _id: grant.contextId }, grant))) return
  throw new Failure('forbidden', 'This invitation is not valid any more. Decline it, or invite the person yourself.')
}
