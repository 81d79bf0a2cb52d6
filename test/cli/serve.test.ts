import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { freshDatabase, type TestDatabase } from '../support/database.js'
import { prepareDataFolder } from '../support/embedded-template.js'
import { newerStep, putWhatIsOver, whatIsOver, within } from '../support/over.js'
import { run, runProgram, type Running, started } from '../support/process.js'

let folder: string
let database: TestDatabase
const running: Running[] = []

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'connections-serve-'))
  database = await freshDatabase()
})
afterEach(async () => {
  for (const { kill, exit } of running.splice(0)) {
    kill('SIGKILL')
    await exit
  }
})
afterAll(async () => {
  await database.close()
  await rm(folder, { recursive: true })
})

/** Uses the embedded database of this file by default. */
const connections = (args: string[], environment: Record<string, string> = {}, input = '') =>
  remembered(run(args, { DATA_DIR: join(folder, 'data'), ...environment }, input))

function remembered(process: Running): Running {
  running.push(process)
  return process
}

describe('serve', () => {
  test('serve sweeps expired rows', async () => {
    const place = { DATA_DIR: join(folder, 'over') }
    await prepareDataFolder(place.DATA_DIR)
    await putWhatIsOver(place.DATA_DIR)
    const server = connections(['serve'], place)
    await started(server)
    server.kill('SIGTERM')
    expect(await server.exit).toBe(0)
    expect(await whatIsOver(place.DATA_DIR)).toEqual([])
  })

  test('the first start prints a command that reads a feed', async () => {
    const server = connections(['serve'])
    const base = await started(server)
    expect(base).toMatch(/^http:\/\/127\.0\.0\.1:[1-9]\d+$/)
    const feed = `${base}/profiles/atom/connections.do?connectionType=colleague&status=accepted&userid=ann`
    expect(server.output()).toBe(
      [
        `Connections is ready at ${base}`,
        `Feed:     ${feed}`,
        'Sign in:  ann, password colleagues (example people, for this machine only)',
        `Try:      curl -u ann:colleagues '${feed}'`,
        `Commands: npx connections, in ${process.cwd()}`,
        '',
      ].join('\n'),
    )
    const [, user, address] = /curl -u (\S+) '(.*)'/.exec(server.output()) as unknown as string[]
    const authorization = `Basic ${Buffer.from(user as string).toString('base64')}`
    const answer = await fetch(address as string, { headers: { authorization } })
    expect(answer.status).toBe(200)
    expect(await answer.text()).toContain('<title type="text">Connections of Ann')

    const other = connections(['account', 'role', 'ann', 'add', 'admin'])
    expect(await other.exit).toBe(1)
    expect(other.errors()).toContain('is in use by another process. Stop it')

    server.kill('SIGTERM')
    expect(await server.exit).toBe(0)
    const lines = server.errors().trim().split('\n')
    expect(lines.map((line) => JSON.parse(line) as object)).toEqual([
      expect.objectContaining({ status: 200, msg: 'request' }),
    ])
  })

  test('a restart keeps the data and prints the greeting', async () => {
    const role = connections(['account', 'role', 'bo', 'add', 'admin'])
    expect(await role.exit).toBe(0)
    // The README's command, without the build. The signal must reach the server through npm.
    const server = remembered(runProgram(['npm', 'start', '--ignore-scripts'], { DATA_DIR: join(folder, 'data') }))
    await started(server)
    expect(server.output()).toContain('curl -u ann:colleagues')
    server.kill('SIGTERM')
    await server.exit
    const dump = connections(['export', '-'])
    expect(await dump.exit).toBe(0)
    expect(
      dump
        .output()
        .split('\n')
        .find((line) => line.includes('"userId":"bo"')),
    ).toContain('"roles":["admin"]')
  })

  test('a server that other machines can reach revokes the example password', async () => {
    const server = connections(['serve'], { HOST: '0.0.0.0' })
    const base = await started(server)
    expect(server.output()).toContain('the shared password of the example people was removed')
    expect(server.output()).not.toContain("colleagues'")
    expect(server.output()).toContain('set BASE_URL to the public address of this server')
    const authorization = `Basic ${Buffer.from('ann:colleagues').toString('base64')}`
    const feed = `${base}/atom/connections.do?connectionType=colleague`
    expect((await fetch(feed, { headers: { authorization } })).status).toBe(401)
  })

  test('an account added at the command line can sign in', async () => {
    const password = 'läng: genug'
    const added = connections(
      ['account', 'add', 'zed', '--name', 'Zed', '--email', 'zed@example.com'],
      {},
      `${password}\n`,
    )
    expect(await added.exit).toBe(0)
    const server = connections(['serve'])
    const base = await started(server)
    const authorization = `Basic ${Buffer.from(`zed@example.com:${password}`).toString('base64')}`
    const answer = await fetch(`${base}/atom/connections.do?connectionType=colleague`, { headers: { authorization } })
    expect(await answer.text()).toContain('<title type="text">Connections of Zed</title>')
  })

  test('SIGTERM finishes requests in flight', async () => {
    const place = { DATA_DIR: join(folder, 'in-flight') }
    await prepareDataFolder(place.DATA_DIR)
    const server = connections(['serve'], place)
    const base = await started(server)
    const authorization = `Basic ${Buffer.from('ann:colleagues').toString('base64')}`
    const feed = `${base}/atom/connections.do?connectionType=colleague`
    // Sign-ins take their turns, so most of these still wait when the signal comes.
    const answers = Array.from({ length: 12 }, () => fetch(feed, { headers: { authorization } }))
    await Promise.race(answers)
    server.kill('SIGINT')
    // A parent process may repeat the signal. A 503 shows that the first one has arrived.
    while ((await fetch(`${base}/ready`)).status !== 503);
    server.kill('SIGINT')
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual(Array(12).fill(200))
    expect(await server.exit).toBe(0)
    await expect(fetch(feed)).rejects.toThrow()
  })

  test('a third signal ends the server at once', async () => {
    const server = connections(['serve'], { DATA_DIR: join(folder, 'in-flight') })
    const base = await started(server)
    // A request that never ends would keep it for as long as it may.
    const request = connect(Number(new URL(base).port), '127.0.0.1', () => request.write('GET / HTTP/1.1\r\n'))
    request.on('error', () => {})
    let isOver = false
    void server.exit.then(() => (isOver = true))
    // Signals that come at once may be heard as one.
    while (!isOver) {
      server.kill('SIGTERM')
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    expect(await server.exit).toBe(null)
    request.destroy()
  })

  test('a wrong token secret and an incompatible schema are refused', async () => {
    const DATA_DIR = join(folder, 'marks')
    await prepareDataFolder(DATA_DIR)
    const [old, fresh] = ['a'.repeat(32), 'b'.repeat(32)]
    const serve = (TOKEN_SECRET: string) => connections(['serve'], { DATA_DIR, TOKEN_SECRET })
    const served = async (secret: string) => {
      const server = serve(secret)
      await started(server)
      server.kill('SIGTERM')
      expect(await server.exit).toBe(0)
    }
    const refused = async (server: Running, line: RegExp) => {
      expect(await server.exit).toBe(1)
      expect(server.errors()).toMatch(line)
      expect(server.errors().trimEnd()).not.toContain('\n')
      expect(server.output()).toBe('')
    }
    await served(old)
    const other =
      /^The token secret of this server does not match .* then first\. .* --new-secret` to use this one\.\n$/
    await refused(serve(fresh), other)
    const migrating = connections(['migrate', '--new-secret'], { DATA_DIR, TOKEN_SECRET: fresh })
    expect(await migrating.exit).toBe(0)
    expect(migrating.output()).toContain('0 tokens ended')
    await refused(serve(old), other)
    await within(DATA_DIR, (db) => newerStep(db, '9998-made-up', null))
    await served(fresh)
    await within(DATA_DIR, (db) => newerStep(db, '9999-removal', '9998-made-up'))
    const newer = /^The database has the schema of a newer release \(step 9999-removal\)/
    await refused(serve(fresh), newer)
    await refused(connections(['account', 'list'], { DATA_DIR }), newer)
  })

  test('a database error is one line', async () => {
    const DATA_DIR = join(folder, 'broken')
    await prepareDataFolder(DATA_DIR)
    await within(DATA_DIR, (db) => sql`alter table account rename to people`.execute(db))
    for (const command of [
      ['account', 'list'],
      ['export', '-'],
      ['import', 'fixtures/cast.jsonl'],
    ]) {
      const process_ = connections(command, { DATA_DIR })
      expect(await process_.exit).toBe(1)
      expect(process_.errors()).toBe('The database answers with an error: relation "account" does not exist (42P01)\n')
    }
    await writeFile(join(DATA_DIR, 'PG_VERSION'), 'x')
    const process_ = connections(['doctor'], { DATA_DIR })
    expect(await process_.exit).toBe(1)
    expect(process_.errors()).toMatch(/^The embedded database in \S+ cannot be opened \(.*\)\. Restore it .*\n$/)
  })

  test('a Postgres server gets no example data', async () => {
    // The embedded database has no address that another process could be given.
    if (database.url === undefined) return
    const server = connections(['serve'], { DATABASE_URL: database.url })
    await started(server)
    expect(server.output()).toContain('Sign in:  with an account from the commands')
    const { rows } = await sql`select 1 from account`.execute(database.db)
    expect(rows).toEqual([])
  })

  test('a missing schema is refused in one line, and no other is filled', async () => {
    // The embedded database has a schema of its own.
    if (database.url === undefined) return
    const url = new URL(database.url)
    url.searchParams.set('options', '-c search_path=no_such_schema')
    for (const command of ['serve', 'migrate']) {
      const process_ = connections([command], { DATABASE_URL: url.href })
      expect(await process_.exit).toBe(1)
      expect(process_.errors()).toBe('No schema in the search_path of the database exists; create one.\n')
    }
    const doctor = connections(['doctor'], { DATABASE_URL: url.href })
    expect(await doctor.exit).toBe(1)
    expect(doctor.errors()).toBe('The schema is missing, or older than this release. Run the command `migrate`.\n')
  })

  test.each([
    [
      { PORT: 'many', REQUIRE_SIGN_IN: 'perhaps' },
      'Wrong configuration: PORT must be a whole number from 0 to 65535; REQUIRE_SIGN_IN must be one of true, false.\n',
    ],
    [
      { REQUIRE_SIGNIN: 'true' },
      'Wrong configuration: REQUIRE_SIGNIN is not a setting; did you mean REQUIRE_SIGN_IN? (ALLOW_UNKNOWN=REQUIRE_SIGNIN permits it).\n',
    ],
    [{ BASE_URL: 'https://people.example/profiles' }, /BASE_URL must be a URL without \/profiles/],
    [{ DATA_DIR: 'src' }, 'DATA_DIR src holds files that are not a database. Choose a new or empty folder.\n'],
    [{ DATA_DIR: 'package.json' }, /^DATA_DIR package\.json cannot be created: EEXIST.*\n$/],
    [{ DATABASE_URL: 'postgres://127.0.0.1:1/none' }, /^The database cannot be reached: .*ECONNREFUSED.*\n$/],
  ])('%j is refused in one line', async (environment, line) => {
    const server = connections(['serve'], environment)
    expect(await server.exit).toBe(1)
    expect(server.errors()).toMatch(line)
    expect(server.output()).toBe('')
  })
})
