import { type CompiledQuery, type Kysely, type RawBuilder, sql } from 'kysely'
import { v7 as newId } from 'uuid'
import type { Tables } from '../../src/db/tables.js'
import { sweepSessions } from '../../src/identity/session-store.js'
import { forgetOldTries, sweepAddresses } from '../../src/identity/throttle-store.js'
import { sweepOutbox } from '../../src/mail/outbox-store.js'
import { fillSearchWords } from '../../src/people/search-store.js'
import { sweep, sweepEvents } from '../../src/sharing/delete.js'
import { freshDatabase, type TestDatabase } from '../support/database.js'
import { planOf, statementsOf } from '../support/plan.js'
import { addPerson } from '../support/world.js'

/** Sweeps run often and find little. They must not scan whole tables. */

let database: TestDatabase
let ann: string
beforeAll(async () => {
  database = await freshDatabase()
  const { db } = database
  const id = (ann = await addPerson(db, 'ann'))
  const many = sql`generate_series(1, 5000) as n`
  await sql`
    insert into session
    select sha256(n::text::bytea), ${id}, now(), now() + interval '1 hour' from ${many}`.execute(db)
  await sql`insert into wrong_try select n, 1, null, now() + interval '1 hour' from ${many}`.execute(db)
  await sql`
    insert into connection (id, context_object, context_id, creator_id, target_email, state, access, token_hash,
      expires_at, created_at, updated_at)
    select gen_random_uuid(), 'document', gen_random_uuid(), ${id}, 'who@example.com', 'pending', 4,
      sha256(n::text::bytea), now() + interval '1 hour', now(), now() from ${many}`.execute(db)
  await sql`insert into known_address select ${id}, sha256(n::text::bytea), now() from ${many}`.execute(db)
  await sql`
    insert into connection_event (id, connection_id, verb, at)
    select ${idOf(sql`now()`)}, gen_random_uuid(), 'used', now() from ${many}`.execute(db)
  await sql`
    insert into outbox (id, kind, recipient_id, created_at, due_at, sent_at)
    select gen_random_uuid(), 'offered', ${id}, now(), now(), case when n % 2 = 0 then now() end from ${many}`.execute(
    db,
  )
  for (const table of ['session', 'wrong_try', 'connection', 'known_address', 'connection_event', 'outbox'])
    await sql`analyze ${sql.table(table)}`.execute(db)
})
afterAll(() => database.close())

/** A UUID of version 7 of a moment, but for the digits of its version. */
const idOf = (moment: RawBuilder<unknown>) =>
  sql`(lpad(to_hex((extract(epoch from ${moment}) * 1000)::bigint), 12, '0') || left(md5(random()::text), 20))::uuid`

test.each<[string, (db: Kysely<Tables>) => Promise<unknown>, string]>([
  ['sessions', sweepSessions, 'session_expiry'],
  ['wrong tries', forgetOldTries, 'wrong_try_forgotten'],
  ['invitations and links', sweep, 'connection_expiry'],
  ['known addresses', sweepAddresses, 'known_address_age'],
  ['events', (db) => sweepEvents(db, 2), 'connection_event_pkey'],
  ['letters', (db) => sweepOutbox(db, 2), 'outbox_age'],
])('the sweep of %s uses its index', async (_name, work, index) => {
  const deletion = (await statementsOf(database.db, work)).find((each) => /^\s*delete/.test(each.sql)) as CompiledQuery
  const nodes = await planOf(database.db, deletion)
  expect(nodes.map((node) => node['Node Type'])).not.toContain('Seq Scan')
  const scan = nodes.find((node) => node['Index Name'] === index)
  expect(scan?.['Index Cond']).toMatch(/ (<= \(?|< .*)now\(\)/)
})

/** Each test begins with empty tables. */
afterEach(async () => {
  for (const table of ['connection_event', 'outbox', 'known_address'] as const) {
    await database.db.deleteFrom(table).execute()
  }
})

const daysAgo = (days: number) => new Date(Date.now() - days * 86_400_000)

const insertEvents = (days: number, count: number) =>
  sql`
    insert into connection_event (id, connection_id, verb, at)
    select ${idOf(sql`${daysAgo(days)}::timestamptz`)}, gen_random_uuid(), 'used', ${daysAgo(days)}
    from generate_series(1, ${count}::integer)`.execute(database.db)

test('old events are deleted in batches', async () => {
  const { db } = database
  await db.deleteFrom('connection_event').execute()
  await insertEvents(3.01, 2_500)
  await insertEvents(2.99, 10)
  await insertEvents(0.5, 10)
  expect(await sweepEvents(db, 3)).toBe(2_500)
  expect(await db.selectFrom('connection_event').select('id').execute()).toHaveLength(20)
  expect(await sweepEvents(db, 3)).toBe(0)
})

test('a stopped sweep ends after one batch', async () => {
  const { db } = database
  await insertEvents(9, 2_500)
  expect(await sweepEvents(db, 3, AbortSignal.abort())).toBe(1_000)
  expect(await sweepEvents(db, 3)).toBe(1_500)
})

test('a stopped filling of search words ends after one batch', async () => {
  const { db } = database
  await fillSearchWords(db)
  await sql`
    insert into account (id, key, user_id, name, state, profile, seen, created_at, updated_at, sort, words)
    select id, id, id, 'One', 'active', '{}', '{}', now(), now(), '', ''
    from (select gen_random_uuid() as id from generate_series(1, 700)) as made`.execute(db)
  expect(await fillSearchWords(db, AbortSignal.abort())).toBe(500)
  expect(await fillSearchWords(db)).toBe(200)
})

test('finished e-mails are deleted after a number of days, waiting ones stay', async () => {
  const { db } = database
  await db.deleteFrom('outbox').execute()
  const letter = (how: string, ended: object, created = 9) => ({
    id: newId(),
    kind: how,
    recipient_id: ann,
    payload: '{}',
    created_at: daysAgo(created),
    due_at: daysAgo(created),
    ...ended,
  })
  await db
    .insertInto('outbox')
    .values([
      letter('waits', {}, 1_000),
      letter('sent lately', { sent_at: daysAgo(2.99) }),
      letter('sent', { sent_at: daysAgo(3.01) }),
      letter('dropped', { dropped_at: daysAgo(3.01) }),
      letter('dead', { dead_at: daysAgo(3.01) }),
      letter('dead lately', { dead_at: daysAgo(2.99) }),
    ])
    .execute()
  expect(await sweepOutbox(db, 3)).toBe(3)
  const left = await db.selectFrom('outbox').select('kind').orderBy('kind').execute()
  expect(left.map(({ kind }) => kind)).toEqual(['dead lately', 'sent lately', 'waits'])
})

test('known addresses are deleted 30 days after their last sign-in', async () => {
  const { db } = database
  await db.deleteFrom('known_address').execute()
  const address = (name: string, days: number) => ({ account_id: ann, hash: Buffer.from(name), seen_at: daysAgo(days) })
  await db
    .insertInto('known_address')
    .values([address('old', 30.01), address('known', 29.99)])
    .execute()
  expect(await sweepAddresses(db)).toBe(1)
  const left = await db.selectFrom('known_address').select('hash').execute()
  expect(left.map(({ hash }) => Buffer.from(hash).toString())).toEqual(['known'])
})
