import { endAppPasswordsOf } from '../identity/credential-store.js'
import { disabled, type NameField } from '../people/claims.js'
import type { MergedPerson } from '../people/merge.js'
import type { Db } from './pairs-store.js'
import { findByIds, putAccounts } from './people-store.js'
import type { Loss } from './people.js'

/** A name that is another person's since an import. */
export interface LostName {
  readonly field: NameField
  readonly name: string
  readonly loser: Person
  readonly holder: Person
}

type Person = Pick<MergedPerson, 'name' | 'userId'>

/**
 * Does what follows where a name went to another person for good, and did not come back later in the same import: an
 * account without a user id is disabled, and its sessions and app passwords end.
 *
 * @returns what each of these people lost
 */
export async function settleLosses(db: Db, losses: readonly Loss[]): Promise<LostName[]> {
  if (losses.length === 0) return []
  const people = await findByIds(db, [...new Set(losses.flatMap(({ from, to }) => [from, to]))])
  const knownOf = new Map(people.map(({ id, known }) => [id, known]))
  const last = new Map(losses.map((loss) => [`${loss.from} ${loss.field}`, loss]))
  const lasting = [...last.values()].flatMap((loss) => {
    const [loser, holder] = [knownOf.get(loss.from), knownOf.get(loss.to)]
    return loser && holder && lacks(loser, loss.field) ? [{ ...loss, loser, holder }] : []
  })
  const without = lasting.filter(({ field }) => field === 'userId')
  if (without.length > 0) {
    const accounts = without.map(({ from: id, loser }) => {
      const same = { id, fate: 'changed', written: true, renamed: false, moved: false } as const
      return { ...same, known: disabled(loser), visible: loser.state === 'active' }
    })
    await putAccounts(db, { accounts, absorbed: [] })
    await endAppPasswordsOf(
      db,
      without.map(({ from }) => from),
    )
  }
  return lasting.map(({ field, name, loser, holder }) => ({ field, name, loser, holder }))
}

/** In place of a user id stands the key. */
const lacks = (known: MergedPerson, field: NameField): boolean =>
  field === 'userId' ? known.userId === known.key : known[field] === null
