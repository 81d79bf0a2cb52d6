import type { Kysely, Transaction } from 'kysely'
import { knownFrom, type Statement } from '../accounts/merge.js'
import type { Tables } from '../db/tables.js'
import { at, isPair, isPerson, type Item, type ShownPair, type ShownPerson } from './item.js'
import { resolvePairs } from './pairs.js'
import { resolvePeople } from './people.js'
import { readItems } from './read.js'
import { findPairs, findPeople, putPairs } from './pairs-store.js'
import { findAccounts, putAccounts } from './people-store.js'
import { beginImport, countFates, type Counts, moveNetworksOn } from './store.js'

/** What an import did: how many people and pairs of colleagues it added, changed and found as they were. */
export interface Summary {
  readonly accounts: Counts
  readonly colleagues: Counts
}

export interface ImportOptions {
  /** Hears how many bytes of the files have been read so far. */
  readonly onProgress?: (bytes: number) => void
  /** What belongs to the same transaction. */
  readonly afterwards?: (transaction: Transaction<Tables>) => Promise<void>
}

const batchSize = 1000

/**
 * Brings in what directory files and recorded documents say, all of it or nothing. In which order the files come, in
 * one import or in several, makes no difference, nor does an import that is repeated.
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
    for await (const batch of batches(allItems(files, onProgress))) {
      await importPeople(transaction, batch.filter(isPerson), aliases)
      await importPairs(transaction, batch.filter(isPair), aliases)
    }
    await moveNetworksOn(transaction)
    await afterwards(transaction)
    return {
      accounts: await countFates(transaction, 'touched_account'),
      colleagues: await countFates(transaction, 'touched_pair'),
    }
  })
}

/** Brings in what an operator says of one person, as a file would. */
export function importStatement(db: Kysely<Tables>, person: Statement): Promise<void> {
  return db.transaction().execute(async (transaction) => {
    await beginImport(transaction)
    await importPeople(transaction, [{ place: 'statement', person }], new Map())
    await moveNetworksOn(transaction)
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

/** @param aliases takes up what the batch found out: made-up user ids, and whose they are */
async function importPeople(
  db: Transaction<Tables>,
  people: readonly ShownPerson[],
  aliases: Map<string, string>,
): Promise<void> {
  if (people.length === 0) return
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
}

async function importPairs(
  db: Transaction<Tables>,
  shown: readonly ShownPair[],
  aliases: ReadonlyMap<string, string>,
): Promise<void> {
  if (shown.length === 0) return
  const userId = (told: string): string => {
    const other = aliases.get(told)
    return other === undefined ? told : userId(other)
  }
  const people = await findPeople(db, [
    ...new Set(shown.flatMap(({ connection: { source, target } }) => [userId(source), userId(target)])),
  ])
  const byUserId = new Map(people.map((person) => [person.userId, person]))
  const byId = new Map(people.map((person) => [person.id, person]))
  const person = (told: string) => byUserId.get(userId(told))
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
