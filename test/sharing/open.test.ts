import { readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { sql } from 'kysely'
import { tokenSecret } from '../../src/db/token-secret.js'
import connections, { type App, open } from '../../src/index.js'
import { sendTo } from '../support/client.js'
import { freshDatabase } from '../support/database.js'
import { faultOf } from '../support/module.js'
import { newerStep, putWhatIsOver, whatIsOver, within } from '../support/over.js'
import { databaseFolder, type Folder, temporaryFolder } from '../transfer/files.js'

let folder: Folder
let app: App
beforeAll(async () => {
  folder = await databaseFolder()
  // Always the embedded database, since a server has the schemas of other tests.
  app = await open({ dataDir: folder.path, baseUrl: 'https://connections.example', maxDelayMs: 1_000_000 })
})
afterAll(async () => {
  await app.close()
  await folder.remove()
})

test('a call outside a scope is not logged in', async () => {
  expect(await faultOf(connections.list())).toBe('accessDenied.notLoggedIn')
  expect(await faultOf(app.runAs(null, {}, () => connections.list()))).toBe('accessDenied.notLoggedIn')
})

test('runAs refuses an unknown name', async () => {
  const work = ({ accountId }: { accountId: string }) => connections.create('accounts', accountId, { _id: accountId })
  await expect(app.runAs('nobody', {}, work)).rejects.toMatchObject({ code: 'notFound' })
})

test.each([-1, 0.5, NaN, 3_600_001, '10' as unknown as number])(
  'a call cannot wait for %s milliseconds',
  async (longestWaitMs) => {
    await expect(open({ dataDir: folder.path, longestWaitMs })).rejects.toThrow(
      'longestWaitMs must be a whole number of milliseconds, from 0 to 3600000.',
    )
  },
)

test('a type has a unique name and an existing title', () => {
  const definition = { name: 'report', plural: 'reports', load: () => Promise.resolve([]), properties: {} }
  app.defineObject(definition)
  expect(() => app.defineObject(definition)).toThrow('The type report is already defined.')
  expect(() => app.defineObject({ ...definition, name: 'Report 2' })).toThrow(TypeError)
  const titled = { ...definition, name: 'memo', plural: 'memos', properties: { name: 'read' as const }, title: 'nmae' }
  expect(() => app.defineObject(titled)).toThrow('The title nmae must be one of the properties: name.')
})

/** The `http` of an app, on its own port. */
async function served({ http }: App) {
  const server = createServer(http)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    send: sendTo((server.address() as AddressInfo).port),
    stop: () => new Promise((resolve) => server.close(resolve)),
  }
}

test('the app serves both APIs', async () => {
  const { send, stop } = await served(app)
  expect((await send('/profiles/atom/profileService.do')).status).toBe(401)
  expect((await send('/v2/connections')).headers['content-type']).toBe('application/json;charset=UTF-8')
  await stop()
})

test('the app applies the options of a private site', async () => {
  const other = await databaseFolder()
  const site = {
    baseUrl: 'https://connections.example',
    hideEmail: true,
    requireSignIn: true,
    requestsPerMinute: 1,
    maxDelayMs: 1_000_000,
    corsOrigins: ['https://intranet.example'],
  }
  await expect(open({ dataDir: other.path, ...site, requestsPerMinute: 0 })).rejects.toThrow(/requestsPerMinute must/)
  const discreet = await open({ dataDir: other.path, ...site, allowInsecure: true })
  const { send, stop } = await served(discreet)
  const search = '/profiles/atom/search.do?search=ann'
  expect((await send(search)).status).toBe(401)
  expect((await send('/profiles/atom/search.do?email=ann@example.com')).text).toContain('hides e-mail addresses')
  const { headers } = await send(search, { headers: { origin: 'https://intranet.example' } })
  expect(headers['access-control-allow-origin']).toBe('https://intranet.example')
  await stop()
  await discreet.close()
  await other.remove()
})

test('a failed open releases everything', async () => {
  const other = await databaseFolder()
  const secret = join(other.path, 'token-secret')
  await writeFile(secret, 'short')
  await expect(open({ dataDir: other.path })).rejects.toThrow(/must hold the 32 bytes/)
  await rm(secret)
  await (await open({ dataDir: other.path })).close()
  await other.remove()
})

test('open sweeps expired sessions and links', async () => {
  const other = await databaseFolder()
  await putWhatIsOver(other.path)
  expect(await whatIsOver(other.path)).toEqual(['session', 'link'])
  await (await open({ dataDir: other.path })).close()
  expect(await whatIsOver(other.path)).toEqual([])
  await other.remove()
})

test('a call to an unresponsive database is a fault', async () => {
  const database = await freshDatabase()
  // The embedded database always answers.
  if (database.url !== undefined) {
    const other = await databaseFolder()
    const program = await open({ databaseUrl: database.url, dataDir: other.path })
    await database.db.transaction().execute(async (transaction) => {
      await sql`lock table account`.execute(transaction)
      await expect(program.runAs('ann', {}, () => connections.list())).rejects.toMatchObject({
        errCode: 'cortex.error.unspecified',
        status: 503,
      })
    })
    await program.close()
    await other.remove()
  }
  await database.close()
})

test('a slash at the end of baseUrl has no effect', async () => {
  const other = await databaseFolder()
  const site = await open({ dataDir: other.path, baseUrl: 'https://connections.example/network/', maxDelayMs: 1e6 })
  const { send, stop } = await served(site)
  const { text } = await send('/profiles/atom/search.do?search=*')
  expect(text).toContain('href="https://connections.example/network/profiles/atom/search.do?search=*"')
  await stop()
  await site.close()
  await other.remove()
})

test.each<[object | string | null, string | RegExp]>([
  ['./data', 'The options of open must be an object.'],
  [null, 'The options of open must be an object.'],
  [{ tokenSecret: 'a text that has more than 32 characters' }, secretWanted()],
  [{ tokenSecret: ['a text that has more than 32 characters'] }, secretWanted()],
  [{ tokenSecret: [] }, secretWanted()],
  [{ tokenSecret: 42 }, secretWanted()],
  [{ tokenSecret: null }, secretWanted()],
  [{ tokenSecret: Buffer.from('short') }, secretWanted()],
  [{ tokenSecret: [Buffer.alloc(32), Buffer.from('short')] }, secretWanted()],
  [{ databaseUrl: 5 }, 'databaseUrl must be a URL that begins with postgres:// or postgresql://.'],
  [{ databaseUrl: null }, 'databaseUrl must be a URL that begins with postgres:// or postgresql://.'],
  [{ databaseUrl: '' }, 'databaseUrl must be a URL that begins with postgres:// or postgresql://.'],
  [
    { databaseUrl: 'mysql://root:hunter2@db/x' },
    'databaseUrl must be a URL that begins with postgres:// or postgresql://.',
  ],
  [{ dataDir: new URL('file:///tmp') }, 'dataDir must be a non-empty string.'],
  [{ appKey: 7 }, 'appKey must be a non-empty string.'],
  [{ appKey: '' }, 'appKey must be a non-empty string.'],
  [{ baseUrl: 'here' }, 'baseUrl must be a URL that begins with http:// or https://.'],
  [{ baseUrl: new URL('https://connections.example') }, 'baseUrl must be a URL that begins with http:// or https://.'],
  [{ trustProxy: '10.0.0.0/8' }, 'trustProxy must be an array of IP addresses or ranges such as 10.0.0.0/8.'],
  [{ trustProxy: ['everybody'] }, 'trustProxy must be an array of IP addresses or ranges such as 10.0.0.0/8.'],
  [
    { corsOrigins: [null] },
    'corsOrigins must be an array of origins such as https://intranet.example, without a path.',
  ],
  [{ allowInsecure: 'false' }, 'allowInsecure must be true or false.'],
  [{ requireSignIn: 1 }, 'requireSignIn must be true or false.'],
  [{ hideEmail: null }, 'hideEmail must be true or false.'],
  [{ requestsPerMinute: '600' }, 'requestsPerMinute must be a whole number from 1 to 1000000.'],
  [{ requestsPerMinute: NaN }, 'requestsPerMinute must be a whole number from 1 to 1000000.'],
  [{ log: console.log }, 'log must be a pino logger.'],
  [{ requireSignin: true }, 'requireSignin is not an option of open. Did you mean requireSignIn?'],
  [{ toString: 1 }, /^toString is not an option of open. The options are databaseUrl, /],
])('a wrong option is a Failure with the expected value: %j', async (options, message) => {
  const opening = open(options as never)
  await expect(opening).rejects.toMatchObject({ name: 'Failure', code: 'invalid' })
  await expect(opening).rejects.toThrow(message)
})

function secretWanted(): string {
  return 'tokenSecret must be a Uint8Array, such as a Buffer, of at least 32 bytes, or an array of them with the newest first.'
}

test('open refuses another secret, and an incompatible newer schema', async () => {
  const other = await databaseFolder()
  const [old, fresh] = [Buffer.alloc(32, 'a'), Buffer.alloc(32, 'b')]
  const opened = (tokenSecret: Uint8Array) => open({ dataDir: other.path, tokenSecret })
  const refused = (message: RegExp) => ({ name: 'Failure', message: expect.stringMatching(message) as unknown })
  await (await opened(old)).close()
  await expect(opened(fresh)).rejects.toMatchObject(
    refused(/^The token secret of this server does not match .* --new-secret/),
  )
  await within(other.path, (db) => newerStep(db, '9998-made-up', null))
  await (await opened(old)).close()
  await within(other.path, (db) => newerStep(db, '9999-removal', '9998-made-up'))
  await expect(opened(old)).rejects.toMatchObject(
    refused(/^The database has the schema of a newer release \(step 9999-removal\)/),
  )
  await other.remove()
})

test('the token secret is created once, for its owner only', async () => {
  const file = join(folder.path, 'token-secret')
  expect(await tokenSecret(folder.path)).toEqual(await readFile(file))
  expect((await stat(file)).mode & 0o777).toBe(0o600)
  const other = await temporaryFolder()
  const secrets = await Promise.all([1, 2, 3].map(() => tokenSecret(other.path)))
  expect(new Set(secrets.map((secret) => Buffer.from(secret).toString('hex'))).size).toBe(1)
  await writeFile(join(other.path, 'token-secret'), 'short')
  await expect(tokenSecret(other.path)).rejects.toThrow(/must hold the 32 bytes/)
  await expect(tokenSecret('/dev/null/data')).rejects.toThrow(/set TOKEN_SECRET/)
  await other.remove()

  const beside = await temporaryFolder()
  await tokenSecret(beside.path)
  const late = await open({ dataDir: beside.path })
  await late.close()
  await beside.remove()
})
