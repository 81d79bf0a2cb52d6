import { readFile } from 'node:fs/promises'
import { Writable } from 'node:stream'
import type { Kysely } from 'kysely'
import { exportCommand } from '../../src/cli/transfer.js'
import type { Tables } from '../../src/db/tables.js'
import { textFieldNames } from '../../src/people/fields.js'
import { openExport, pairs } from '../../src/transfer/export-store.js'
import { exportLines } from '../../src/transfer/export.js'
import { importFiles } from '../../src/transfer/import.js'
import { importFixture } from '../support/import-fixture.js'
import { planOf } from '../support/plan.js'
import { account, colleague, contents, empty, entryId, exported, jsonLines } from './files.js'

const { database, folder } = importFixture()

const cast = 'fixtures/cast.jsonl'

test('repeated export and import of the cast are stable', async () => {
  const text = await readFile(cast, 'utf8')
  await importFiles(database.db, [cast])
  expect(await exported(database.db)).toBe(text)
  await empty(database.db)
  await importFiles(database.db, [await folder.write('again.jsonl', text)])
  expect(await exported(database.db)).toBe(text)
})

test('the cast fills every profile field of two people and leaves one profile empty', async () => {
  await importFiles(database.db, [cast])
  const rows = await database.db.selectFrom('account').select('profile').execute()
  const fields = [...textFieldNames, 'tags', 'isManager', 'extensions']
  const full = rows.filter(({ profile }) => fields.every((field) => field in profile))
  expect(full.length).toBeGreaterThanOrEqual(2)
  expect(rows.some(({ profile }) => Object.keys(profile).length === 0)).toBe(true)
})

test('an empty directory exports only the header', async () => {
  expect(await exported(database.db)).toBe('{"connections":{"version":1}}\n')
})

test('accounts are ordered by user id, pairs by inviter and entry', async () => {
  const file = await folder.write(
    'order.jsonl',
    jsonLines(
      account('é'),
      account('b'),
      account('B', { email: 'upper@example.com' }),
      account('a'),
      colleague('b', 'a', 2),
      colleague('B', 'é', 3),
      colleague('b', 'B', 1),
    ),
  )
  await importFiles(database.db, [file])
  const lines = (await exported(database.db))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line)
  expect(lines.flatMap((line) => line.account?.userId ?? [])).toEqual(['B', 'a', 'b', 'é'])
  expect(lines.flatMap((line) => line.colleague?.inviterEntry ?? [])).toEqual([3, 1, 2].map(entryId))
})

interface Line {
  account?: { userId: string }
  colleague?: { inviterEntry: string }
}

test('an export of several fetches is complete', async () => {
  const people = Array.from({ length: 1001 }, (_, number) => account(`u${String(number).padStart(4, '0')}`))
  const [first, ...others] = people
  const pairs = others.map((other, number) => colleague((first as Named).account.userId, other.account.userId, number))
  const both = [...pairs, colleague('u0001', 'u0002', 5000)]
  await importFiles(database.db, [await folder.write('many.jsonl', jsonLines(...people, ...both))])
  const text = await exported(database.db)
  expect(text.split('\n')).toHaveLength(1 + 1001 + 1001 + 1)
  await empty(database.db)
  await importFiles(database.db, [await folder.write('many-again.jsonl', text)])
  expect(await exported(database.db)).toBe(text)
})

type Named = ReturnType<typeof account>

test('pairs are read once whatever the planner estimates', async () => {
  await importFiles(database.db, [cast])
  const nodes = (db: Kysely<Tables>) => planOf(db, pairs.compile(db))
  const names = await database.db.transaction().execute(async (transaction) => {
    await openExport(transaction)
    return (await nodes(transaction)).map((node) => node['Node Type'])
  })
  expect(names.filter((name) => name === 'Hash Join')).toHaveLength(4)
  expect(names).not.toContain('Nested Loop')
  // Left alone, it would look them through for each account.
  expect((await nodes(database.db)).map((node) => node['Node Type'])).toContain('Nested Loop')
})

test('a reader may close the output early', async () => {
  await importFiles(database.db, [cast])
  const reader = new Writable({ write: (_chunk, _encoding, done) => done(broken) })
  const broken = Object.assign(new Error('write EPIPE'), { code: 'EPIPE', syscall: 'write' })
  const terminal = { input: process.stdin, output: reader, errors: reader }
  await exportCommand(terminal, database.db, '-')
  expect(reader.errored).toBe(broken)
})

test('an aborted export leaves the database unlocked', async () => {
  await importFiles(database.db, [cast])
  const before = await contents(database.db)
  await exportLines(database.db, async (lines) => {
    for await (const line of lines) if (line !== '') break
  })
  expect(await contents(database.db)).toEqual(before)
})
