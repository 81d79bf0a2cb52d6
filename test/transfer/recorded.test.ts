import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { importFiles } from '../../src/transfer/import.js'
import { importFixture } from '../support/import-fixture.js'
import { contents, empty, exported } from './files.js'

const { database } = importFixture()

const turns = (files: readonly string[]) => [
  files.toReversed(),
  ...files.map((_, at) => [...files.slice(at), ...files.slice(0, at)]),
]

async function pathsIn(folder: string, which: RegExp): Promise<string[]> {
  return (await readdir(folder)).filter((name) => which.test(name)).map((name) => join(folder, name))
}

async function expectTheSameInAnyOrder(files: readonly string[]): Promise<string> {
  await importFiles(database.db, files)
  const text = await exported(database.db)
  for (const order of turns(files)) {
    await empty(database.db)
    await importFiles(database.db, order)
    expect(await exported(database.db)).toBe(text)
    await empty(database.db)
    for (const file of order) await importFiles(database.db, [file])
    expect(await exported(database.db)).toBe(text)
  }
  const before = await contents(database.db)
  await importFiles(database.db, files)
  expect(await contents(database.db)).toEqual(before)
  return text
}

describe('recorded documents', () => {
  test('of the fixtures import alike in any order', async () => {
    const files = await pathsIn('fixtures/recorded', /\.(xml|http)$/)
    expect(files.length).toBeGreaterThan(1)
    expect(await expectTheSameInAnyOrder(files)).toContain('"colleague"')
  })

  const recordings = '../shared/reference/recordings'
  const exist = existsSync(recordings)
  const remark = exist ? '' : ` (not run: ${recordings} is missing)`
  test(`of real servers import alike in any order${remark}`, async () => {
    if (!exist) return
    const files = await pathsIn(recordings, /^(02|05|06|07|09|11|12)/)
    expect(files).toHaveLength(7)
    const text = await expectTheSameInAnyOrder(files)
    expect(text.match(/"account"/g)).toHaveLength(15)
    expect(text.match(/"colleague"/g)).toHaveLength(1)
    expect(text).toContain('"inviterEntry":"e96352ed-5e8f-47a4-b7ab-a5ab80bca185"')
  })
})
