import type { Kysely, Transaction } from 'kysely'
import type { Tables } from '../db/tables.js'
import { endAppPasswordsOf } from '../identity/credential-store.js'
import { disabled, type NameField } from '../people/claims.js'
import { type ImportedPerson, knownFrom, type MergedPerson } from '../people/merge.js'
import {
  beginImport,
  bumpNetworksOf,
  countFates,
  type Counts,
  type Db,
  findPairs,
  findPeople,
  putPairs,
} from './pairs-store.js'
import { resolvePairs } from './pairs.js'
import { findAccounts, findByIds, putAccounts } from './people-store.js'
import { type Loss, resolvePeople } from './people.js'
import { at, isPair, isPerson, type Item, readItems, type ShownPair, type ShownPerson } from './read.js'

/** What an import did: how many people and pairs of colleagues it added, changed and found as they were, and who lost a name. */
export interface Summary {
  readonly accounts: Counts
  readonly colleagues: Counts
  readonly losses: readonly LostName[]
}

interface ImportOptions {
  /** Hears how many bytes of the files have been read so far. */
  readonly onProgress?: (bytes: number) => void
  /** What belongs to the same transaction. */
  readonly afterwards?: (transaction: Transaction<Tables>) => Promise<void>
}

const batchSize = 1000

/**
 * Brings in what directory files and recorded documents say, all of it or nothing. In which order the files come, in
 * one import or in several, makes no difference, as long as no name passes from one person to another; nor does an
 * import that is repeated.
 *
 * @throws Failure `invalid` with file, place and reason; nothing is kept then
 */
export function importFiles(
  db: Kysely<Tables>,
  files: readonly string[],
  { onProgress = () => {}, afterwards = () => Promise.resolve() }: ImportOptions = {},
): Promise<Summary> {
  return db.transaction().execute(async (transaction) => {
    await beginImport(transaction)
    const aliases = new Map<string, string>()
    const losses: Loss[] = []
    for await (const batch of batches(allItems(files, onProgress))) {
      losses.push(...(await importPeople(transaction, batch.filter(isPerson), aliases)))
      await importPairs(transaction, batch.filter(isPair), aliases)
    }
    const lost = await settleLosses(transaction, losses)
    await bumpNetworksOf(transaction)
    await afterwards(transaction)
    return {
      accounts: await countFates(transaction, 'touched_account'),
      colleagues: await countFates(transaction, 'touched_pair'),
      losses: lost,
    }
  })
}

/** Brings in what an operator says of one person, as a file would. */
export function importStatement(db: Kysely<Tables>, person: ImportedPerson): Promise<void> {
  return db.transaction().execute(async (transaction) => {
    await beginImport(transaction)
    await importPeople(transaction, [{ place: 'statement', person }], new Map())
    await bumpNetworksOf(transaction)
  })
}

async function* allItems(files: readonly string[], onProgress: (bytes: number) => void): AsyncGenerator<Item> {
  let read = 0
  for (const file of files) yield* readItems(file, (bytes) => onProgress((read += bytes)))
}

async function* batches(items: AsyncIterable<Item>): AsyncGenerator<Item[]> {
  let batch: Item[] = []
  for await (const item of items) {
    batch.push(item)
    if (batch.length < batchSize) continue
    yield batch
    batch = []
  }
  if (batch.length > 0) yield batch
}

/**
 * @param aliases takes up what the batch found out: user ids of old, and whose they are
 * @returns the names that went from one account to another
 */
async function importPeople(
  db: Transaction<Tables>,
  people: readonly ShownPerson[],
  aliases: Map<string, string>,
): Promise<readonly Loss[]> {
  if (people.length === 0) return []
  const stored = await findAccounts(
    db,
    people.map(({ place, person }) => at(place, () => knownFrom(person))),
  )
  const change = resolvePeople(people, stored)
  await putAccounts(db, change)
  for (const [madeUp, userId] of change.aliases) {
    aliases.set(madeUp, userId)
    aliases.delete(userId)
  }
  return change.losses
}

async function importPairs(
  db: Transaction<Tables>,
  shown: readonly ShownPair[],
  aliases: ReadonlyMap<string, string>,
): Promise<void> {
  if (shown.length === 0) return
  const told = new Set(shown.flatMap(({ connection: { source, target } }) => [source, target]))
  const people = await findPeople(db, [...new Set([...told].flatMap((userId) => [...alsoKnownAs(userId, aliases)]))])
  const byUserId = new Map(people.map((person) => [person.userId, person]))
  const byId = new Map(people.map((person) => [person.id, person]))
  // Whoever has a user id comes before those who had it.
  const person = (userId: string) => [...alsoKnownAs(userId, aliases)].flatMap((each) => byUserId.get(each) ?? []).at(0)
  const stored = await findPairs(
    db,
    shown.flatMap(({ connection: { source, target } }) => {
      const [one, other] = [person(source), person(target)]
      return one && other ? [{ one: one.id, other: other.id }] : []
    }),
    shown.flatMap(({ connection: { id, targetRowId } }) => (targetRowId === undefined ? [id] : [id, targetRowId])),
  )
  const changes = resolvePairs(shown, person, stored)
  await putPairs(db, changes, (id) => byId.get(id)?.name as string)
}

/** A user id, and those that have taken its place one after the other. */
function alsoKnownAs(userId: string, aliases: ReadonlyMap<string, string>): Set<string> {
  const all = new Set<string>()
  for (let each: string | undefined = userId; each !== undefined && !all.has(each); each = aliases.get(each))
    all.add(each)
  return all
}

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
