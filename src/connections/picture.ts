import type { Account, Caller, Person } from '../accounts/account.js'
import type { Context } from '../context.js'
import { findAmong } from './among-store.js'
import { openList, readList } from './list.js'

/** A person, their first colleagues by name, and who of these know each other: by their places in the list. */
export interface Picture {
  readonly owner: Account
  readonly people: readonly Account[]
  readonly pairs: readonly (readonly [one: number, other: number])[]
  /** How many colleagues there are in all. */
  readonly total: number
}

/** More would not be seen apart. */
const most = 300

/**
 * Reads what a picture of somebody's network shows. Whoever may read accepted lists may see it: it tells nothing that
 * the lists of the same people do not.
 *
 * @param person undefined for the caller
 * @throws Failure as `openList`
 */
export async function readPicture(
  context: Pick<Context, 'db' | 'config' | 'log'>,
  caller: Caller,
  person: Person | undefined,
): Promise<Picture> {
  const request = {
    person,
    status: 'accepted',
    inCommonWith: undefined,
    since: undefined,
    order: { by: 'name', descending: false },
    page: 1,
    pageSize: most,
    position: undefined,
    countPending: false,
  } as const
  const network = await openList(context, caller, request)
  const { owner, total, colleagues } = await readList(context, caller, network, request)
  const places = new Map(colleagues.map(({ peer }, place) => [peer.id, place]))
  const among = await findAmong(context.db, network.ownerId, most)
  const pairs = among.flatMap(([one, other]) => {
    const [from, to] = [places.get(one), places.get(other)]
    return from === undefined || to === undefined ? [] : [[from, to] as const]
  })
  return { owner, people: colleagues.map(({ peer }) => peer), pairs, total }
}
