import type { Kysely } from 'kysely'
import type { Tables } from '../db/tables.js'
import { transact } from '../db/transact.js'
import { Failure } from '../errors.js'
import { recordChange, touchProfile } from '../people/change-store.js'
import { type NewPhoto, removePhoto, setPhoto } from '../people/photo-store.js'
import { bumpNetworks, findListsShowing, lockListsShowing } from './write-store.js'

/**
 * Sets, replaces or removes a person's photo. In the same transaction, updates the date of the profile (photo URLs
 * contain this date), and the dates of all lists that show the person.
 *
 * @param photo an image of a type known to `imageType`, at most `maxPhotoBytes` long; null removes the photo
 * @returns whether anything changed
 * @throws Failure `notFound` if the account is gone, and as `transact`
 */
export function changePhoto(db: Kysely<Tables>, accountId: string, photo: NewPhoto | null): Promise<boolean> {
  const change = async (transaction: Parameters<Parameters<typeof transact<boolean>>[1]>[0]) => {
    const moment = await lockListsShowing(transaction, accountId)
    if (!moment) throw new Failure('notFound', 'This account no longer exists.')
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
  // If the outcome of the commit is unknown, report an error: the caller can safely repeat the change.
  return transact(db, change, () => Promise.resolve(false))
}
