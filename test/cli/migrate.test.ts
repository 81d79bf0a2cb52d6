import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { sql } from 'kysely'
import { migrations } from '../../migrations/index.js'
import { doctorCommand, migrateCommand, newSecretCommand } from '../../src/cli/database.js'
import type { Terminal } from '../../src/cli/terminal.js'
import { readConfig } from '../../src/config.js'
import { migrate } from '../../src/db/migrate.js'
import { checkSecrets, type Secrets } from '../../src/db/token-secret.js'
import { keysOf, tokenHash, tokenOf } from '../../src/sharing/grant.js'
import { freshDatabase, type TestDatabase } from '../support/database.js'
import { newerStep } from '../support/over.js'
import { addPerson, connect } from '../support/world.js'

let database: TestDatabase
beforeAll(async () => {
  database = await freshDatabase()
})
afterAll(() => database.close())

/** The output of a command. */
async function output(command: (terminal: Terminal) => Promise<void>): Promise<string> {
  const terminal = { input: new PassThrough(), output: new PassThrough(), errors: new PassThrough() }
  await command(terminal)
  terminal.output.end()
  return text(terminal.output)
}
const migrating = () => output((terminal) => migrateCommand(terminal, database.db))
const doctor = () => output((terminal) => doctorCommand(terminal, database.db))

describe('a newer schema', () => {
  const newest = Object.keys(migrations).sort().at(-1) as string
  beforeEach(async () => {
    await sql`delete from kysely_migration where name > ${newest}`.execute(database.db)
    await sql`delete from schema_step where name > ${newest}`.execute(database.db)
  })
  afterAll(async () => {
    await sql`delete from kysely_migration where name > ${newest}`.execute(database.db)
    await sql`delete from schema_step where name > ${newest}`.execute(database.db)
  })

  test('is served if every step allows older code', async () => {
    await newerStep(database.db, '9998-made-up', null)
    await newerStep(database.db, '9999-removal', newest)
    expect(await migrate(database.db)).toEqual([])
    expect(await migrating()).toBe('The schema is newer than this release, but compatible.\n')
    expect(await doctor()).toBe('No inconsistencies found.\n')
  })

  test.each<[string, () => Promise<unknown>]>([
    ['needs newer code', () => newerStep(database.db, '9999-removal', '9998-made-up')],
    [
      'says nothing',
      () => sql`insert into kysely_migration (name, timestamp) values ('9999-removal', '')`.execute(database.db),
    ],
  ])('is refused in one line if a step %s', async (_, leave) => {
    await newerStep(database.db, '9998-made-up', null)
    await leave()
    const refusal = {
      code: 'invalid',
      message:
        'The database has the schema of a newer release (step 9999-removal), which this release cannot use. ' +
        'Use the newer release, or restore a backup from before the upgrade.',
    }
    await expect(migrate(database.db)).rejects.toMatchObject(refusal)
    await expect(migrating()).rejects.toMatchObject(refusal)
    await expect(doctor()).rejects.toMatchObject(refusal)
  })

  test('is never reverted', async () => {
    await newerStep(database.db, '9999-made-up', null)
    await expect(migrate(database.db, 'nothing')).rejects.toMatchObject({ code: 'invalid' })
    expect(await migrating()).toBe('The schema is newer than this release, but compatible.\n')
  })
})

test('every step since 0015 leaves a mark that allows older code', async () => {
  const marks = await database.db.selectFrom('schema_step').select(['name', 'oldest']).orderBy('name').execute()
  const names = Object.keys(migrations).filter((name) => name >= '0011')
  expect(marks).toEqual(names.map((name) => ({ name, oldest: null })))
})

describe('the token secret', () => {
  const [old, fresh, other] = ['a', 'b', 'c'].map((letter) => Buffer.alloc(32, letter)) as [Buffer, Buffer, Buffer]
  const check = (...secrets: Buffer[]) => checkSecrets(database.db, secrets as unknown as Secrets)
  const take = (...secrets: Buffer[]) =>
    output((terminal) => newSecretCommand(terminal, database.db, { ...readConfig({}), TOKEN_SECRET: secrets }))
  const refused = {
    code: 'invalid',
    message: expect.stringMatching(/^The token secret of this server does not match/) as unknown,
  }
  beforeEach(() =>
    sql`truncate token_secret, session, connection, colleague, network, account cascade`.execute(database.db),
  )

  test('of the first server becomes the database’s, which stores only a fingerprint', async () => {
    await check(old)
    await check(old)
    const { rows } = await sql<{ text: string }>`select token_secret::text as text from token_secret`.execute(
      database.db,
    )
    expect(rows).toHaveLength(1)
    for (const form of ['hex', 'base64', 'utf8'] as const) expect(rows[0]?.text).not.toContain(old.toString(form))
    await expect(check(other)).rejects.toMatchObject(refused)
  })

  test('is the same for servers that start together on an empty database', async () => {
    const started = await Promise.allSettled([old, fresh, other, old, fresh, other].map((secret) => check(secret)))
    expect(started.filter(({ status }) => status === 'fulfilled')).toHaveLength(2)
    for (const each of started) if (each.status === 'rejected') expect(each.reason).toMatchObject(refused)
  })

  test('can be rotated: last on all servers, then first, then alone', async () => {
    await check(old)
    await check(old, fresh)
    await check(old)
    await check(fresh, old)
    await check(old, fresh)
    await expect(check(old)).rejects.toMatchObject(refused)
    await check(fresh)
    await expect(check(other, old)).rejects.toMatchObject(refused)
  })

  test('ends tokens and sessions when replaced, and reports their number', async () => {
    const { db } = database
    const [ann, bo, cy] = [await addPerson(db, 'ann'), await addPerson(db, 'bo'), await addPerson(db, 'cy')]
    await connect(db, ann, bo, 'accepted')
    await connect(db, ann, cy, 'invited')
    const { id } = await db
      .selectFrom('connection')
      .select('id')
      .where('state', '=', 'pending')
      .executeTakeFirstOrThrow()
    const give = (secret: Buffer) => {
      const [key] = keysOf([secret])
      const token = { token_key: key.id, token_hash: tokenHash(tokenOf(key, id)) }
      return db.updateTable('connection').set(token).where('id', '=', id).execute()
    }
    const held = () => db.selectFrom('connection').select(['token_key', 'token_hash']).where('id', '=', id).execute()
    await check(old)
    await give(old)
    await sql`
      insert into session values ('\\x00', ${ann}, now(), now() + interval '1 day'),
        ('\\x01', ${bo}, now(), now() + interval '1 day'), ('\\x02', ${cy}, now(), now())`.execute(db)

    expect(await take(fresh, old)).toBe(
      'The configured secret is now the token secret of the database.\n' +
        '0 tokens ended. Creators can view the new tokens of their links and invitations.\n' +
        '0 sessions ended. Users must sign in again in their browsers.\n',
    )
    await expect(check(old)).rejects.toMatchObject(refused)

    expect(await take(other)).toBe(
      'The configured secret is now the token secret of the database.\n' +
        '1 token ended. Creators can view the new tokens of their links and invitations.\n' +
        '2 sessions ended. Users must sign in again in their browsers.\n',
    )
    await check(other)
    await expect(check(fresh, old)).rejects.toMatchObject(refused)
    const [key] = keysOf([other])
    const [connection] = await held()
    expect(connection?.token_key).toBe(key.id)
    expect(Buffer.from(connection?.token_hash as Uint8Array)).toEqual(Buffer.from(tokenHash(tokenOf(key, id))))
    const { rows } = await sql`select 1 from session where expires_at > now()`.execute(db)
    expect(rows).toEqual([])
  })
})
