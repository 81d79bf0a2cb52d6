import type { Kysely } from 'kysely'
import type { Tables } from '../db/tables.js'
import { transact } from '../db/transact.js'
import { Failure } from '../errors.js'
import { recordChange, touchProfile } from '../people/change-store.js'
import { type NewPhoto, removePhoto, setPhoto } from '../people/photo-store.js'
import { bumpNetworks, findListsShowing, lockListsShowing } from './write-store.js'

/**
 * Gives a person a picture in place of the one they had, or takes it away. The profile, to which links to the picture
 * are dated, and every list that shows it move on in the same transaction.
 *
 * @param photo of a type that `imageType` knows, and no longer than `longestPhoto`; null takes the picture away
 * @returns whether anything changed: without a picture there is none to take away
 * @throws Failure `notFound` if the account is gone, and as `transact`
 */
export function changePhoto(db: Kysely<Tables>, accountId: string, photo: NewPhoto | null): Promise<boolean> {
  const change = async (transaction: Parameters<Parameters<typeof transact<boolean>>[1]>[0]) => {
    const moment = await lockListsShowing(transaction, accountId)
    if (!moment) throw new Failure('notFound', 'There is no such account any more.')
    if (photo) await setPhoto(transaction, accountId, photo, moment)
    else if (!(await removePhoto(transaction, accountId))) return false
    await touchProfile(transaction, accountId, moment)
    const lists = await findListsShowing(transaction, accountId)
    await bumpNetworks(
      transaction,
      lists.map((list) => ({ ...list, by: 0 })),
      moment,
    )
    await recordChange(transaction)
    return true
  }
  // To do it once more does no harm, so an unclear outcome may be an error.
  return transact(db, change, () => Promise.resolve(false))
}
