import type { Transaction } from 'kysely'
import { v7 as newId } from 'uuid'
import type { Account } from '../../accounts/account.js'
import type { Tables } from '../../db/tables.js'
import { Fault, type FaultTarget } from '../../faults.js'
import { type Event, keepEvents } from '../event-store.js'
import { keepLetter } from '../letter-store.js'
import { write } from '../write.js'
import { type Access, checkMayShare, givesNothing, granted, union, type Wish } from './access.js'
import { described, type Grant, isBetweenAccounts } from './grant.js'
import { findBetween, findGrant, lockContext, updateGrant } from './grant-store.js'
import type { Instance, ObjectType } from './object-type.js'
import type { Principal } from './principal.js'
import { activate, put, remove } from './put.js'
import { countRecent, noteLetter } from './throttle-store.js'
import { accessOf, newToken, type World } from './world.js'

/** Whom to connect, and how. */
export interface Wanted extends Wish {
  /** Null for an address. */
  readonly account: Account | null
  /** As `foldedEmail` makes it; null for an account. */
  readonly email: string | null
  /** The account that has the address, if any: nothing is told of it. */
  readonly owner: Account | null
  readonly first: string | null
  readonly last: string | null
  /** Whether it shall be active at once. */
  readonly auto: boolean
  /** How the target is named in a fault. */
  readonly named: FaultTarget
}

/** What is shared, by whom. */
export interface Sharing {
  readonly type: ObjectType
  readonly context: Instance
  readonly principal: Principal
  readonly creator: Account
  readonly skipAcl: boolean
  readonly appKey: string
  readonly isNotified: boolean
}

/** How many invitations somebody may make within an hour and have still waiting. */
const mostAnHour = 100

/** About how many connections of somebody's letters may be owed within an hour. */
const mostLettersAnHour = 50

const noneRecent = { invitations: 0, letters: 0 }

/** How long an invitation can be applied; those between two accounts never expire. */
const validFor = 7 * 24 * 3_600_000

/**
 * Connects targets with a context in one transaction, in which it is also decided what each is granted.
 *
 * @returns for each target its connection, or why there is none
 * @throws Fault `accessDenied.shareAccess` where the caller may not share the context any more
 */
export function establish(world: World, sharing: Sharing, targets: readonly Wanted[]): Promise<(Grant | Fault)[]> {
  const { type, context, principal, creator, skipAcl } = sharing
  const reference = { object: type.name, contextId: context._id }
  const people = targets.flatMap(({ account, owner }) => (account ?? owner)?.id ?? [])
  return write(world.db, async (transaction, eventId) => {
    const moment = await lockContext(transaction, reference, people)
    const mine = await accessOf(transaction, type, context, principal)
    if (!skipAcl) checkMayShare(mine, creator)
    const recent = skipAcl ? noneRecent : await countRecent(transaction, creator.id)
    const room = { invitations: mostAnHour - recent.invitations, letters: mostLettersAnHour - recent.letters }
    const one = new Establishing(world, transaction, sharing, mine, moment, room)
    const outcomes: (Grant | Fault)[] = []
    for (const target of targets) outcomes.push(await one.connect(target))
    if (one.events.length > 0) await keepEvents(transaction, eventId, one.events, moment)
    for (const letter of one.letters) await keepLetter(transaction, letter, moment)
    return outcomes
  })
}

class Establishing {
  readonly events: Event[] = []
  readonly letters: { kind: 'invited'; recipientId: string; connectionId: string }[] = []

  constructor(
    private readonly world: World,
    private readonly db: Transaction<Tables>,
    private readonly sharing: Sharing,
    private readonly mine: Access,
    private readonly moment: Date,
    /** How many more invitations the creator may make just now, and letters may be owed for. */
    private readonly room: { invitations: number; letters: number },
  ) {}

  async connect(target: Wanted): Promise<Grant | Fault> {
    const { type, context, principal, skipAcl, creator } = this.sharing
    const wish = granted(type, context, principal, this.mine, target, skipAcl)
    if (givesNothing(type, wish)) return new Fault('accessDenied.shareAccess', { target: target.named })
    const reference = { object: type.name, contextId: context._id }
    const id = (target.account ?? target.owner)?.id ?? null
    const between = await findBetween(this.db, reference, { id, email: target.email })
    const active = between.find(({ state }) => state === 'active')
    if (active) return this.#upgrade(active, wish, target)

    const pending = between.filter((each) => each.targetId === (target.account?.id ?? null) || isBetweenAccounts(each))
    if (target.auto && target.account) return this.#connectNow(pending, wish, target)
    const own = pending.find(
      (each) =>
        each.creatorId === creator.id &&
        each.contextId === context._id &&
        each.targetId === (target.account?.id ?? null),
    )
    if (own) return this.#refresh(own, wish)
    if (target.account && pending.some(isBetweenAccounts)) {
      return new Fault('conflict.connectionExists', { target: target.named })
    }
    const isTooMany =
      this.room.invitations <= 0 || (this.#tellsOf(type.name, target.account?.id ?? null) && this.room.letters <= 0)
    if (!skipAcl && isTooMany) return new Fault('throttled.connectionInvitations', { target: target.named })
    this.room.invitations--
    const grant = await this.#insert(wish, target, 'pending')
    this.#tell('invited', grant)
    await this.#owe(grant)
    return grant
  }

  async #upgrade(active: Grant, wish: Wish, target: Wanted): Promise<Grant | Fault> {
    const roles = union(active.roles, wish.roles)
    if (wish.access <= active.access && roles.length === active.roles.length) {
      return new Fault('conflict.connectionExists', { target: target.named })
    }
    const access = Math.max(active.access, wish.access)
    await updateGrant(this.db, active.id, { access, roles }, this.moment)
    const upgraded = { ...active, access, roles, updated: this.moment }
    this.#tell('upgraded', upgraded, active)
    return upgraded
  }

  async #refresh(own: Grant, wish: Wish): Promise<Grant> {
    const access = Math.max(own.access, wish.access)
    const roles = union(own.roles, wish.roles)
    const expiresAt = this.#expiry(own)
    await updateGrant(this.db, own.id, { access, roles, expiresAt }, this.moment)
    const refreshed = { ...own, access, roles, expiresAt, updated: this.moment }
    this.#tell('refreshed', refreshed, own)
    await this.#owe(refreshed)
    return refreshed
  }

  async #connectNow(pending: readonly Grant[], wish: Wish, target: Wanted): Promise<Grant> {
    const pair = pending.find(isBetweenAccounts)
    const needless = pending.filter((each) => each !== pair && each.access <= wish.access)
    await remove(this.db, needless, this.moment)
    if (!pair) {
      const grant = await this.#insert(wish, target, 'active')
      this.#tell('connected', grant)
      return grant
    }
    const roles = union(pair.roles, wish.roles)
    await activate(this.db, pair, { targetId: pair.targetId as string, access: wish.access, roles }, this.moment)
    const active = (await findGrant(this.db, pair.id)) as Grant
    this.#tell('connected', active, pair)
    return active
  }

  async #insert({ access, roles }: Wish, target: Wanted, state: Grant['state']): Promise<Grant> {
    const { type, context, creator, appKey, skipAcl } = this.sharing
    const id = newId()
    const token = state === 'pending' ? newToken(this.world, id) : { tokenHash: null, tokenKey: null }
    const base = {
      id,
      object: type.name,
      contextId: context._id,
      creatorId: creator.id,
      targetId: target.account?.id ?? null,
      targetEmail: target.email,
      targetFirst: target.first,
      targetLast: target.last,
      state,
      access,
      roles,
      appKey,
      skippedAcl: skipAcl,
      usesRemaining: null,
    }
    const made = { created: this.moment, updated: this.moment }
    const expiresAt = state === 'pending' ? this.#expiry(base) : null
    const grant = { ...base, tokenKey: token.tokenKey, expiresAt, ...made }
    await put(this.db, { ...grant, tokenHash: token.tokenHash }, this.moment)
    return grant
  }

  #expiry(grant: Pick<Grant, 'object' | 'targetId'>): Date | null {
    return isBetweenAccounts(grant) ? null : new Date(this.moment.getTime() + validFor)
  }

  #tell(verb: Event['verb'], after: Grant, before?: Grant): void {
    const { creator, principal } = this.sharing
    const detail = { ...described(after), before: before?.access ?? null, request: principal.requestId }
    this.events.push({ connectionId: after.id, actorId: creator.id, verb, detail })
  }

  /** Owes the target a letter, where one is due and the creator has not had too many sent. */
  async #owe({ id, targetId, object }: Grant): Promise<void> {
    if (targetId === null || !this.#tellsOf(object, targetId)) return
    if (!this.sharing.skipAcl && this.room.letters <= 0) return
    if (!(await noteLetter(this.db, id, this.moment))) return
    this.room.letters--
    this.letters.push({ kind: 'invited', recipientId: targetId, connectionId: id })
  }

  #tellsOf(object: string, targetId: string | null): boolean {
    return this.sharing.isNotified && object === 'account' && targetId !== null
  }
}
