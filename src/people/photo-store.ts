import { type Kysely, sql, type Transaction } from 'kysely'
import { onceFor, prepared, type Value } from '../db/prepared.js'
import type { Tables } from '../db/tables.js'
import type { Account, PersonRef } from './account.js'
import { columnsOf, isPerson, isPossible, toAccount } from './store.js'

export const maxPhotoBytes = 1024 * 1024

/** The version of a photo, for HTTP validators. */
export interface PhotoVersion {
  readonly changed: Date
  /** In bytes. */
  readonly size: number
}

interface Photo extends PhotoVersion {
  readonly type: string
  readonly bytes: Uint8Array
}

/** Finds a person, active or not, with the version of the photo but without its bytes. */
export async function findPhotoOf(
  db: Kysely<Tables>,
  person: PersonRef,
): Promise<{ account: Account; photo: PhotoVersion | undefined } | undefined> {
  if (!isPossible(person)) return undefined
  const [row] = await versionStatement(person.by).run(db, { person: person.value })
  if (!row) return undefined
  const { changed, size } = row
  const photo = changed !== null && size !== null ? { changed, size } : undefined
  return { account: toAccount(row, 'account'), photo }
}

const versionStatement = onceFor((by: PersonRef['by']) =>
  prepared((db, value: Value<{ person: string }>) =>
    db
      .selectFrom('account')
      .leftJoin('photo', 'photo.account_id', 'account.id')
      .select(columnsOf('account'))
      .select(['photo.updated_at as changed', sql<number | null>`octet_length(photo.bytes)`.as('size')])
      .where(isPerson(by, value('person'))),
  ),
)

/** Reads an account's photo; undefined if there is none, perhaps because it was deleted since `findPhotoOf`. */
export async function readPhoto(db: Kysely<Tables>, accountId: string): Promise<Photo | undefined> {
  const [row] = await photoStatement.run(db, { accountId })
  return row && { type: row.type, bytes: row.bytes, changed: row.updated_at, size: row.bytes.byteLength }
}

const photoStatement = prepared((db, value: Value<{ accountId: string }>) =>
  db.selectFrom('photo').selectAll().where('account_id', '=', value('accountId')),
)

export type NewPhoto = Pick<Photo, 'type' | 'bytes'>

/**
 * Sets or replaces an account's photo. The caller must also update the date of all lists that show it
 * (`connections/photo.ts`).
 */
export async function setPhoto(db: Transaction<Tables>, accountId: string, photo: NewPhoto, moment: Date) {
  await sql`
    insert into photo (account_id, type, bytes, updated_at)
    values (${accountId}, ${photo.type}, ${photo.bytes}, ${moment})
    on conflict (account_id) do update set type = excluded.type, bytes = excluded.bytes,
      updated_at = greatest(excluded.updated_at, photo.updated_at + interval '1 millisecond')`.execute(db)
}

/**
 * Removes an account's photo. The caller must also update the lists, as for `setPhoto`.
 *
 * @returns whether there was one
 */
export async function removePhoto(db: Transaction<Tables>, accountId: string): Promise<boolean> {
  const removed = await db.deleteFrom('photo').where('account_id', '=', accountId).returning('account_id').execute()
  return removed.length > 0
}

/** File signatures in hexadecimal. */
const signatures = [
  { type: 'image/png', form: /^89504e470d0a1a0a/ },
  { type: 'image/jpeg', form: /^ffd8ff/ },
  { type: 'image/gif', form: /^47494638(37|39)61/ },
  { type: 'image/webp', form: /^52494646.{8}57454250/ },
] as const

/** The media type of an image by its signature; undefined for an unsupported format. */
export function imageType(bytes: Uint8Array): string | undefined {
  const beginning = Buffer.from(bytes.subarray(0, 16)).toString('hex')
  return signatures.find(({ form }) => form.test(beginning))?.type
}
