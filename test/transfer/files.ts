import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Kysely } from 'kysely'
import type { Tables } from '../../src/db/tables.js'
import { exportLines } from '../../src/transfer/export.js'
import { prepareDataFolder } from '../support/embedded-template.js'

export interface Folder {
  readonly path: string
  /** Writes a file and gives its path. */
  write(name: string, content: string | Uint8Array): Promise<string>
  remove(): Promise<void>
}

export async function temporaryFolder(): Promise<Folder> {
  const path = await mkdtemp(join(tmpdir(), 'connections-directory-'))
  return {
    path,
    write: async (name, content) => {
      await writeFile(join(path, name), content)
      return join(path, name)
    },
    remove: () => rm(path, { recursive: true }),
  }
}

/** A temporary folder with an embedded database, migrated and empty: a server or a program starts on it quickly. */
export async function databaseFolder(): Promise<Folder> {
  const folder = await temporaryFolder()
  await prepareDataFolder(folder.path)
  return folder
}

/** A directory file of these lines. */
export const jsonLines = (...lines: object[]): string => lines.map((line) => `${JSON.stringify(line)}\n`).join('')

export async function exported(db: Kysely<Tables>): Promise<string> {
  let text = ''
  await exportLines(db, async (lines) => {
    for await (const line of lines) text += line
  })
  return text
}

/** Deletes all accounts and connections. */
export async function empty(db: Kysely<Tables>): Promise<void> {
  // Faster than truncate for few rows. Dependent rows cascade.
  for (const table of ['colleague', 'connection', 'network', 'account'] as const) await db.deleteFrom(table).execute()
}

/** Everything that an import writes, ids and dates included. */
export async function contents(db: Kysely<Tables>): Promise<unknown> {
  return {
    accounts: await db.selectFrom('account').selectAll().orderBy('id').execute(),
    connections: await db.selectFrom('connection').selectAll().orderBy('id').execute(),
    colleagues: await db.selectFrom('colleague').selectAll().orderBy('id').execute(),
    networks: await db.selectFrom('network').selectAll().orderBy('owner_id').orderBy('status').execute(),
  }
}

const day = (number: number) => new Date(Date.UTC(2026, 0, number)).toISOString()

/** The line of an account, dated by the day of a month. */
export const account = (userId: string, more: object = {}, on = 1) => ({
  account: { userId, name: userId.toUpperCase(), email: `${userId}@example.com`, updated: day(on), ...more },
})

/** The line of a pair; entry ids are made of a number. */
export const colleague = (inviter: string, invited: string, number: number, more: object = {}, on = 1) => ({
  colleague: { inviter, invited, status: 'accepted', updated: day(on), inviterEntry: entryId(number), ...more },
})

export const entryId = (number: number) => `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`

interface Shown {
  id: number
  source: string
  target: string
  status: 'accepted' | 'pending' | 'unconfirmed'
  author: string
  contributor: string
  on: number
  message?: string
}

const person = (userId: string) =>
  `<name>${userId.toUpperCase()}</name><snx:userid>${userId}</snx:userid><email>${userId}@example.com</email>` +
  '<snx:userState>active</snx:userState>'

/** A connection entry in the form of recorded servers. */
export const connectionDocument = ({ id, source, target, status, author, contributor, on, message = '' }: Shown) =>
  '<?xml version="1.0" encoding="UTF-8"?><entry xmlns:snx="http://www.ibm.com/xmlns/prod/sn" ' +
  'xmlns="http://www.w3.org/2005/Atom">' +
  `<id>tag:profiles.ibm.com,2006:entry${entryId(id)}</id><title type="text">${target}</title>` +
  `<updated>${day(on)}</updated>` +
  '<category term="connection" scheme="http://www.ibm.com/xmlns/prod/sn/type"></category>' +
  '<category term="colleague" scheme="http://www.ibm.com/xmlns/prod/sn/connection/type"></category>' +
  `<category term="${status}" scheme="http://www.ibm.com/xmlns/prod/sn/status"></category>` +
  `<author>${person(author)}</author><contributor>${person(contributor)}</contributor><snx:connection>` +
  `<contributor snx:rel="http://www.ibm.com/xmlns/prod/sn/connection/source">${person(source)}</contributor>` +
  `<contributor snx:rel="http://www.ibm.com/xmlns/prod/sn/connection/target">${person(target)}</contributor>` +
  `</snx:connection><content type="html">${message}</content>` +
  '<summary type="text"></summary></entry>'
