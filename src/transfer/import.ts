import type { Kysely, Transaction } from 'kysely'
import type { Tables } from '../db/tables.js'
import { endAppPasswordsOf } from '../identity/credential-store.js'
import { disabled, type NameField } from '../people/claims.js'
import { type ImportedPerson, knownFrom, type MergedPerson } from '../people/merge.js'
import {
  beginImport,
  bumpNetworks,
  countOutcomes,
  type Counts,
  type Db,
  findPairs,
  findPeople,
  putPairs,
} from './pairs-store.js'
import { resolvePairs } from './pairs.js'
import { findAccounts, findByIds, putAccounts } from './people-store.js'
import { type Loss, resolvePeople } from './people.js'
import { atPlace, isPair, isPerson, type Item, readItems, type ShownPair, type ShownPerson } from './read.js'

/** The numbers of added, changed and unchanged people and pairs, and the sign-in names that moved to another person. */
export interface Summary {
  readonly accounts: Counts
  readonly colleagues: Counts
  readonly losses: readonly LostName[]
}

interface ImportOptions {
  /** Called with the number of bytes read so far. */
  readonly onProgress?: (bytes: number) => void
  /** Runs at the end of the same transaction. */
  readonly afterwards?: (transaction: Transaction<Tables>) => Promise<void>
}

const batchSize = 1000

/**
 * Imports directory files and recorded documents in one transaction. Idempotent. The order of files does not matter, in
 * one import or in several, unless a sign-in name moves from one person to another.
 *
 * @throws Failure `invalid` with file, place and reason; nothing is imported in this case
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
      losses.push(...(await importBatchPeople(transaction, batch.filter(isPerson), aliases)))
      await importBatchPairs(transaction, batch.filter(isPair), aliases)
    }
    const lost = await applyLosses(transaction, losses)
    await bumpNetworks(transaction)
    await afterwards(transaction)
    return {
      accounts: await countOutcomes(transaction, 'touched_account'),
      colleagues: await countOutcomes(transaction, 'touched_pair'),
      losses: lost,
    }
  })
}

/** Imports one person, like a directory file with one account. Ignores lost sign-in names. */
export function importPerson(db: Kysely<Tables>, person: ImportedPerson): Promise<void> {
  return db.transaction().execute(async (transaction) => {
    await beginImport(transaction)
    await importBatchPeople(transaction, [{ place: 'statement', person }], new Map())
    await bumpNetworks(transaction)
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
 * Imports the people of a batch.
 *
 * @param aliases receives the replaced user ids of the batch, with their successors
 * @returns the sign-in names that moved from one account to another
 */
async function importBatchPeople(
  db: Transaction<Tables>,
  people: readonly ShownPerson[],
  aliases: Map<string, string>,
): Promise<readonly Loss[]> {
  if (people.length === 0) return []
  const stored = await findAccounts(
    db,
    people.map(({ place, person }) => atPlace(place, () => knownFrom(person))),
  )
  const change = resolvePeople(people, stored)
  await putAccounts(db, change)
  for (const [madeUp, userId] of change.aliases) {
    aliases.set(madeUp, userId)
    aliases.delete(userId)
  }
  return change.losses
}

async function importBatchPairs(
  db: Transaction<Tables>,
  shown: readonly ShownPair[],
  aliases: ReadonlyMap<string, string>,
): Promise<void> {
  if (shown.length === 0) return
  const userIds = new Set(shown.flatMap(({ connection: { source, target } }) => [source, target]))
  const all = new Set([...userIds].flatMap((userId) => [...withSuccessors(userId, aliases)]))
  const people = await findPeople(db, [...all])
  const byUserId = new Map(people.map((person) => [person.userId, person]))
  const byId = new Map(people.map((person) => [person.id, person]))
  // The current holder of a user id takes precedence over a former one.
  const person = (userId: string) =>
    [...withSuccessors(userId, aliases)].flatMap((each) => byUserId.get(each) ?? []).at(0)
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

/** A user id, followed by its successors. */
function withSuccessors(userId: string, aliases: ReadonlyMap<string, string>): Set<string> {
  const all = new Set<string>()
  let next: string | undefined = userId
  while (next !== undefined && !all.has(next)) {
    all.add(next)
    next = aliases.get(next)
  }
  return all
}

/** A sign-in name that moved to another person in an import. */
export interface LostName {
  readonly field: NameField
  readonly name: string
  readonly loser: NamedPerson
  readonly holder: NamedPerson
}

type NamedPerson = Pick<MergedPerson, 'name' | 'userId'>

/**
 * Disables every account that lost its user id and did not get it back in the same import. This ends its sessions and
 * app passwords. Other lost sign-in names have no consequences.
 *
 * @returns all sign-in names that are still lost at the end of the import
 */
async function applyLosses(db: Db, losses: readonly Loss[]): Promise<LostName[]> {
  if (losses.length === 0) return []
  const people = await findByIds(db, [...new Set(losses.flatMap(({ from, to }) => [from, to]))])
  const personOf = new Map(people.map(({ id, known }) => [id, known]))
  const last = new Map(losses.map((loss) => [`${loss.from} ${loss.field}`, loss]))
  const lasting = [...last.values()].flatMap((loss) => {
    const [loser, holder] = [personOf.get(loss.from), personOf.get(loss.to)]
    return loser && holder && hasLost(loser, loss.field) ? [{ ...loss, loser, holder }] : []
  })
  const withoutUserId = lasting.filter(({ field }) => field === 'userId')
  if (withoutUserId.length > 0) {
    const accounts = withoutUserId.map(({ from: id, loser }) => {
      const flags = { id, outcome: 'changed', written: true, renamed: false, userIdChanged: false } as const
      return { ...flags, known: disabled(loser), visible: loser.state === 'active' }
    })
    await putAccounts(db, { accounts, duplicates: [] })
    await endAppPasswordsOf(
      db,
      withoutUserId.map(({ from }) => from),
    )
  }
  return lasting.map(({ field, name, loser, holder }) => ({ field, name, loser, holder }))
}

/** Whether a person has no name in this field. After the loss of a user id, the key takes its place. */
const hasLost = (known: MergedPerson, field: NameField): boolean =>
  field === 'userId' ? known.userId === known.key : known[field] === null
