import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { castPassword, loadCast } from '../../src/transfer/example.js'
import { type Client, startClient } from '../support/client.js'
import { freshDatabase, type TestDatabase } from '../support/database.js'
import { meaning, parse } from '../support/xml.js'

/**
 * Each file under `fixtures/feeds` is one answer, in the folder of its section of the API's description. Its first
 * comment has the request, its user and the expected status. The rest is the document, compared by meaning: white space
 * between elements is ignored.
 */
const folder = 'fixtures/feeds'
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.xml'))

let database: TestDatabase
let client: Client
beforeAll(async () => {
  database = await freshDatabase()
  await loadCast(database.db)
  const date = new Date('2026-07-01T00:00:00.000Z')
  await database.db.updateTable('network').set({ changed: date }).execute()
  await database.db.updateTable('account').set({ created_at: date }).execute()
  await database.db.updateTable('directory').set({ changed: date }).execute()
  client = await startClient(database.db)
})
afterAll(async () => {
  await client.close()
  await database.close()
})

test.each(files.sort())('the answer equals the golden file %s', async (file) => {
  const expected = readFileSync(join(folder, file), 'utf8')
  const [, address, who, status] = /<!--\s*Request: GET (\S+)\s*As: (\S+)\s*Expect: (\d+)[^]*?-->/.exec(expected) ?? []
  const as = who === 'nobody' ? {} : { as: `${who}:${castPassword}` }
  const answer = await client.send(address as string, as)
  expect(answer.status).toBe(Number(status))
  expect(meaning(parse(answer.text))).toEqual(meaning(parse(expected)))
})
