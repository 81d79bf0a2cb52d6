import { sql } from 'kysely'
import { pino } from 'pino'
import { redactedLog } from '../../src/db/redact-log.js'
import { freshDatabase, type TestDatabase } from '../support/database.js'
import { addPerson } from '../support/world.js'

/** No database error takes user data into the log (docs/trust.md, L1). */

const secret = 'what nobody may read'

let database: TestDatabase
beforeAll(async () => {
  database = await freshDatabase()
})
afterAll(() => database.close())

/** The log line of an error. */
async function logged(work: Promise<unknown>) {
  const lines: string[] = []
  const log = redactedLog(pino({ base: null }, { write: (line) => void lines.push(line) }))
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  log.child({ a: 1 }).error({ err: error }, 'it failed')
  expect(lines.join('')).not.toContain(secret)
  return (JSON.parse(lines[0] as string) as { err: Record<string, unknown> }).err
}

test('a unique violation is logged without values', async () => {
  await addPerson(database.db, secret)
  expect(await logged(addPerson(database.db, secret))).toMatchObject({
    type: 'error',
    message: expect.stringContaining('duplicate key value violates unique constraint'),
    code: '23505',
    table: 'account',
    constraint: expect.stringContaining('account'),
    stack: expect.stringMatching(/^ +at /),
  })
})

test('an invalid value is not logged', async () => {
  expect(await logged(sql`select ${secret}::integer`.execute(database.db))).toMatchObject({
    message: 'a value that Postgres refuses',
    code: '22P02',
  })
})

test('a failed statement is logged without values', async () => {
  expect(await logged(sql`select from nowhere where ${secret}::text = ''`.execute(database.db))).toMatchObject({
    message: 'relation "nowhere" does not exist',
    code: '42P01',
  })
})

test('nested causes and non-errors are logged without values', async () => {
  const cause = Object.assign(new TypeError('a cause'), { params: [secret] })
  expect(await logged(Promise.reject(new Error('a reason', { cause })))).toMatchObject({
    type: 'Error',
    message: 'a reason',
    cause: { type: 'TypeError', message: 'a cause' },
  })
  // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- non-errors are the subject of this test
  expect(await logged(Promise.reject(secret))).toEqual({ type: 'string', message: '' })
})
