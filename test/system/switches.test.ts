import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openDatabase } from '../../src/db/open.js'
import { freshDatabase, serverUrl, type TestDatabase } from '../support/database.js'
import { prepareDataFolder } from '../support/embedded-template.js'
import { type Server, startServers, stopServers } from '../support/servers.js'
import { tellStory } from '../support/story.js'
import { addPerson, signInSecret } from '../support/world.js'

/** The story holds under every switch of a server, alone and all together. */

let folder: string
let database: TestDatabase | undefined
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'connections-switches-'))
  database = serverUrl === undefined ? undefined : await freshDatabase()
  const data = join(folder, 'data')
  if (!database) await prepareDataFolder(data)
  // Of their own, since the example's people may not sign in through a proxy.
  const people = database ?? (await openDatabase({ databaseUrl: undefined, dataDir: data }, () => {}))
  for (const name of ['greta', 'lou']) await addPerson(people.db, name, { password: signInSecret })
  if (!database) await people.close()
})
afterEach(async () => {
  await database?.close()
  await rm(folder, { recursive: true })
})

const proxied = { 'X-Forwarded-For': '203.0.113.7', 'X-Forwarded-Proto': 'https' }
const all = {
  REQUIRE_SIGN_IN: 'true',
  HIDE_EMAIL: 'true',
  POOLER: 'transaction',
  TRUST_PROXY: '127.0.0.1',
  CORS_ORIGINS: 'https://intranet.example',
  EVENT_DAYS: '2',
  LOG_LEVEL: 'debug',
}

interface Switched {
  readonly settings: Record<string, string>
  /** The status of an accepted list for an anonymous reader. */
  readonly anonymous: number
  readonly hasEmail: boolean
  /** Fields of each request. */
  readonly over?: Record<string, string>
}

const usual = { anonymous: 200, hasEmail: true }
const rows: readonly Switched[] = [
  { ...usual, settings: {} },
  { ...usual, settings: { REQUIRE_SIGN_IN: 'true' }, anonymous: 401 },
  { ...usual, settings: { HIDE_EMAIL: 'true' }, hasEmail: false },
  { ...usual, settings: { POOLER: 'transaction' } },
  { ...usual, settings: { TRUST_PROXY: '127.0.0.1' }, over: proxied },
  { ...usual, settings: { CORS_ORIGINS: 'https://intranet.example' }, over: { Origin: 'https://intranet.example' } },
  { ...usual, settings: { ALLOW_INSECURE: 'true' } },
  { ...usual, settings: { EVENT_DAYS: '2' } },
  { ...usual, settings: { LOG_LEVEL: 'debug' } },
  { anonymous: 401, hasEmail: false, settings: all, over: proxied },
]

test.each(rows)('$settings', async ({ settings, anonymous, hasEmail, over }) => {
  const place: Record<string, string> =
    database?.url === undefined ? { DATA_DIR: join(folder, 'data') } : { DATABASE_URL: database.url }
  const servers = await startServers(1, { ...place, ...settings })
  try {
    const told = await tellStory((path, options) => (servers[0] as Server).send(path, options), over)
    expect([told.anonymous, /[\w.]+@example\.(com|org)/.test(told.list)]).toEqual([anonymous, hasEmail])
    expect(servers[0]?.errors()).not.toMatch(/"level":[456]0/)
  } finally {
    await stopServers(servers)
  }
})
