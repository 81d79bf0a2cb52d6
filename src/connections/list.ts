import type { Context } from '../context.js'
import { Failure } from '../errors.js'
import type { Account, Caller, Person, PersonRef } from '../people/account.js'
import { unknownPerson } from './find.js'
import type { ListRequest, Network, Page } from './model.js'
import { findNetwork, readPage, readPersons } from './list-store.js'
import { checkMayList, isOwner } from './rules.js'
import { findAmong } from './summary-store.js'

/** A list with its state read, but not its entries. */
export interface OpenList {
  readonly caller: Caller
  /** Enough to tell whether the list has changed. */
  readonly state: Network
  /**
   * Reads the requested page with the list's state in one snapshot. That state may be newer than `state`. Rejects with
   * Failure `invalid` if the owner was deleted in the meantime.
   */
  readonly read: () => Promise<Page>
  /** As `read`, with the parts of people that a connection entry shows. */
  readonly readPersons: () => Promise<Page<Person>>
}

/**
 * Finds a list, if the caller may read it.
 *
 * @throws Failure `unauthenticated` or `forbidden` as `checkMayList`, `invalid` for an unknown person
 */
export async function openList(
  context: Pick<Context, 'db' | 'config' | 'log'>,
  admitted: Caller | Promise<Caller>,
  request: ListRequest,
): Promise<OpenList> {
  const named = request.person && findNetwork(context.db, request.person, request)
  // If the caller is refused, its refusal counts.
  named?.catch(() => {})
  const caller = await admitted
  const state = await stateFor(context, caller, request, named)
  const countPending = request.countPending && isOwner(caller, state.ownerId)
  const visible = { ...request, countPending }
  return {
    caller,
    state,
    read: async () => checkedPage(context, await readPage(context.db, state, visible)),
    readPersons: async () => checkedPage(context, await readPersons(context.db, state, visible)),
  }
}

/** @param named the list of the person that the request names; undefined for the caller's own */
async function stateFor(
  { db, config }: Pick<Context, 'db' | 'config'>,
  caller: Caller,
  request: ListRequest,
  named: Promise<Network | undefined> | undefined,
): Promise<Network> {
  const network = await (named ?? findOwn(db, caller, request))
  checkMayList(caller, network?.ownerId, request.status, config.REQUIRE_SIGN_IN)
  if (!network) throw unknownPerson()
  const { waiting, ...known } = network
  return {
    ...known,
    ...(waiting && isOwner(caller, network.ownerId) && { waiting }),
    ...(request.inCommonWith && { other: await findOther(db, request.inCommonWith, network) }),
  }
}

function findOwn(db: Context['db'], caller: Caller, request: ListRequest): Promise<Network | undefined> {
  if (caller) return findNetwork(db, { by: 'key', value: caller.key }, request)
  throw new Failure(
    'unauthenticated',
    'Sign in to see your own list, or name a person by userid, key, email, uid or distinguishedName.',
  )
}

async function findOther(db: Context['db'], person: PersonRef, { ownerId }: Network): Promise<Network> {
  const other = await findNetwork(db, person, { status: 'accepted', countPending: false })
  if (!other) throw unknownPerson()
  if (other.ownerId !== ownerId) return other
  throw new Failure('invalid', 'Both names refer to one person; name two people.')
}

function checkedPage<Shown extends Person>({ log }: Pick<Context, 'log'>, page: Page<Shown> | undefined): Page<Shown> {
  if (!page) throw unknownPerson()
  if (page.orphans.length > 0) log.warn({ entries: page.orphans }, 'entries left out: their peer has no account')
  return page
}

/**
 * A person, the person's first colleagues by name, and the pairs of these who are colleagues of each other, as indexes
 * into `people`.
 */
interface Picture {
  readonly owner: Account
  readonly people: readonly Account[]
  readonly pairs: readonly (readonly [one: number, other: number])[]
  /** The number of all colleagues. */
  readonly total: number
}

/** A picture of more people would be unreadable. */
const maxPeople = 300

/**
 * Reads the data for a picture of a person's network. It is visible to callers who may read accepted lists, since the
 * lists of the same people contain the same facts.
 *
 * @param person undefined for the caller
 * @throws Failure as `openList`
 */
export async function readPicture(
  context: Pick<Context, 'db' | 'config' | 'log'>,
  caller: Caller,
  person: PersonRef | undefined,
): Promise<Picture> {
  const request = {
    person,
    status: 'accepted',
    inCommonWith: undefined,
    since: undefined,
    order: { by: 'name', descending: false },
    page: 1,
    pageSize: maxPeople,
    position: undefined,
    countPending: false,
  } as const
  const { state, read } = await openList(context, caller, request)
  const { owner, total, colleagues } = await read()
  const places = new Map(colleagues.map(({ peer }, place) => [peer.id, place]))
  const among = await findAmong(context.db, state.ownerId, maxPeople)
  const pairs = among.flatMap(([one, other]) => {
    const [from, to] = [places.get(one), places.get(other)]
    return from === undefined || to === undefined ? [] : [[from, to] as const]
  })
  return { owner, people: colleagues.map(({ peer }) => peer), pairs, total }
}
