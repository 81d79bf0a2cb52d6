import { v7 as newId } from 'uuid'
import { asColleagues } from '../connection.js'
import { type Grant, isBetweenAccounts } from './grant.js'
import type { Sharing, Wanted } from './sharing.js'
import type { Granted } from './valid.js'
import type { World } from './world.js'

/** How long an invitation can be applied; those between two accounts never expire. */
const validFor = 7 * 24 * 3_600_000

/** When an invitation ends that is made or renewed at a moment; null for never. */
export const endOf = (grant: Pick<Grant, 'object' | 'targetId'>, moment: Date): Date | null =>
  isBetweenAccounts(grant) ? null : new Date(moment.getTime() + validFor)

/** A new connection, as it is to be written; one that is pending has a token. */
export function freshGrant(
  { tokenKeys: [key] }: Pick<World, 'tokenKeys'>,
  { type, context, creator, appKey }: Sharing,
  { account, email, first, last }: Wanted,
  { access, roles, skipped }: Granted,
  state: Grant['state'],
  moment: Date,
): Grant {
  const isPending = state === 'pending'
  const between = { object: type.name, targetId: account?.id ?? null }
  return {
    ...between,
    id: newId(),
    contextId: context._id,
    creatorId: creator.id,
    targetEmail: email,
    targetFirst: first,
    targetLast: last,
    state,
    access,
    roles,
    reverseAccess: asColleagues.access,
    reverseRoles: asColleagues.roles,
    skippedAccess: skipped?.access ?? null,
    skippedRoles: skipped?.roles ?? [],
    tokenKey: isPending ? key.id : null,
    appKey,
    expiresAt: isPending ? endOf(between, moment) : null,
    usesRemaining: null,
    created: moment,
    updated: moment,
  }
}
