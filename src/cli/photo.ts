import { readFile, stat } from 'node:fs/promises'
import type { Kysely } from 'kysely'
import { imageType, maxPhotoBytes } from '../people/photo-store.js'
import { changePhoto } from '../connections/photo.js'
import type { Tables } from '../db/tables.js'
import { unreadable } from '../transfer/read.js'
import { Failure } from '../errors.js'
import { existing, say } from './accounts.js'
import type { Terminal } from './terminal.js'

/**
 * `account photo`: gives a person a picture, or takes it away.
 *
 * @param file where the picture is; undefined when it is to be taken away
 * @throws Failure `notFound` when nobody has the user id, `invalid` when the file is not there, too big or no picture
 */
export async function photoCommand(
  terminal: Terminal,
  db: Kysely<Tables>,
  userId: string,
  file: string | undefined,
  remove: boolean,
): Promise<void> {
  if ((file === undefined) !== remove) throw new Failure('invalid', 'Give either the file of a picture or --remove.')
  const account = await existing(db, userId)
  if (file === undefined) {
    const had = await changePhoto(db, account.id, null)
    return say(terminal, had ? `${account.name} no longer has a picture.` : `${account.name} had no picture.`)
  }
  const bytes = await readPicture(file)
  const type = imageType(bytes)
  if (type === undefined) throw new Failure('invalid', `${file} is no picture in PNG, JPEG, GIF or WebP.`)
  await changePhoto(db, account.id, { type, bytes })
  say(terminal, `${account.name} now has a picture (${type}).`)
}

async function readPicture(file: string): Promise<Uint8Array> {
  try {
    const { size } = await stat(file)
    if (size <= maxPhotoBytes) return await readFile(file)
  } catch (error) {
    throw unreadable(file, error as Error)
  }
  throw new Failure('invalid', `${file} is bigger than 1 MiB.`)
}
