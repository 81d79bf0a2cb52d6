import type { Kysely } from 'kysely'
import type { Tables } from '../db/tables.js'
import { Fault } from '../faults.js'
import { findKnownAccounts } from '../people/known-store.js'
import { type Access, granted, type Principal, type Wish } from './access.js'
import { accessOf, load, type ModuleContext } from './context.js'
import { findByToken } from './grant-store.js'
import { type Grant, isAllSkipped, isLink, tokenHash } from './grant.js'
import { type Instance, levels, type ObjectType } from './object-types.js'
import type { ShareRequest } from './share.js'

/** What is granted, and the part of it that only a privilege of the caller allows. */
export interface Granted extends Wish {
  readonly skipped: Wish | null
}

/**
 * Grants a wish.
 *
 * @param mine what the caller has of the context
 * @param ordinary what the caller has of it without a privilege
 */
export function grantedTo(
  { type, context, principal, skipAcl }: Pick<ShareRequest, 'type' | 'context' | 'principal' | 'skipAcl'>,
  mine: Access,
  ordinary: Access,
  wish: Wish,
): Granted {
  const given = granted(type, context, principal, mine, wish, skipAcl)
  const isOrdinary = !skipAcl && mayShare(type, context, withoutPrivilege(principal), ordinary, given)
  return { ...given, skipped: isOrdinary ? null : given }
}

/** What a caller has of the context without a privilege. @param mine what the caller has of it with all privileges */
export async function ordinaryAccess(
  db: Kysely<Tables>,
  { type, context, principal }: Pick<ShareRequest, 'type' | 'context' | 'principal'>,
  mine: Access,
): Promise<Access> {
  if (!principal.skipAcl && principal.grant === levels.none) return mine
  return accessOf(db, type, context, withoutPrivilege(principal))
}

const withoutPrivilege = (principal: Principal): Principal => ({ ...principal, skipAcl: false, grant: levels.none })

/** Whether a caller with this access may grant this level and each of these roles. */
function mayShare(type: ObjectType, context: Instance, principal: Principal, mine: Access, wish: Wish): boolean {
  if (mine.level < levels.share) return false
  const most = granted(type, context, principal, mine, wish, false)
  return most.access >= wish.access && wish.roles.every((role) => most.roles.includes(role))
}

/**
 * Whether an invitation or a link is valid: its creator is active, and may still grant what it grants. What a privilege
 * let the creator grant stays valid.
 *
 * @param db the transaction that makes use of it, if one does
 * @param context undefined where it is gone: an invitation to it can be read and declined, a link leads nowhere
 */
export async function isValid(
  db: Kysely<Tables>,
  type: ObjectType,
  context: Instance | undefined,
  grant: Grant,
): Promise<boolean> {
  const [creator] = await findKnownAccounts(db, [grant.creatorId])
  if (creator?.account.state !== 'active') return false
  if (isAllSkipped(grant)) return true
  if (!context) return !isLink(grant)
  const principal = {
    account: creator.account,
    verified: creator.verified,
    skipAcl: false,
    grant: levels.none,
    appKey: null,
    scope: null,
    requestId: null,
  }
  return mayShare(type, context, principal, await accessOf(db, type, context, principal), ordinaryPart(grant))
}

/** What the creator needed no privilege for. */
const ordinaryPart = ({ access, roles, skippedAccess, skippedRoles }: Grant): Wish => ({
  access: access <= (skippedAccess ?? levels.none) ? levels.none : access,
  roles: roles.filter((role) => !skippedRoles.includes(role)),
})

/** An invitation or a link, its type, and its context unless that is gone. */
export interface Opened {
  readonly grant: Grant
  readonly type: ObjectType
  readonly context: Instance | undefined
}

/** How every token that opens nothing is answered. */
export const badToken = () => new Fault('invalidArgument.connectionToken')

/** What a token opens. @throws Fault `invalidArgument.connectionToken` if there is no such token, or it is not valid any more */
export async function openToken(module: ModuleContext, token: string): Promise<Opened> {
  const grant = await findByToken(module.db, tokenHash(token))
  const type = grant && module.types.find(grant.object)
  if (!grant || !type || !(grant.state === 'pending' || isLink(grant))) throw badToken()
  const context = await load(type, grant.contextId)
  if (await isValid(module.db, type, context, grant)) return { grant, type, context }
  throw badToken()
}
