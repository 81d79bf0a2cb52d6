import { parseArgs } from 'node:util'
import { sql } from 'kysely'
import { readConfig } from '../../src/config.js'
import { migrate } from '../../src/db/migrate.js'
import { openDatabase } from '../../src/db/open.js'
import { hashPassword } from '../../src/identity/password.js'

/**
 * Fills the Postgres at `DATABASE_URL` with people and accepted colleagues, their neighbours on a ring, and prints a
 * sign-in for load tools. All rows are generated inside the database.
 */
const { values } = parseArgs({ options: { accounts: { type: 'string' }, colleagues: { type: 'string' } } })
const accounts = Number(values.accounts ?? 20_000)
const colleagues = Number(values.colleagues ?? 50)
const { DATABASE_URL: databaseUrl } = readConfig(process.env)
if (databaseUrl === undefined) throw new Error('Set DATABASE_URL to the Postgres that is to be filled.')
const fits = Number.isInteger(accounts) && Number.isInteger(colleagues / 2) && colleagues > 0 && colleagues < accounts
if (!fits) throw new Error('--accounts and --colleagues are whole numbers; colleagues even, and fewer than accounts.')

const start = performance.now()
const database = await openDatabase({ databaseUrl, dataDir: '' }, () => {})
const { db } = database
await migrate(db)
await db.transaction().execute(async (transaction) => {
  await sql`
    create temporary table person on commit drop as
    select n, gen_random_uuid() as id, 'load' || n as user_id, 'Load Person ' || lpad(n::text, 7, '0') as name
    from generate_series(0, ${accounts}::int - 1) as n`.execute(transaction)
  await sql`
    insert into account (id, key, user_id, email, name, state, external, profile, seen, created_at, updated_at, sort,
      words)
    select id, id, user_id, user_id || '@example.com', name, 'active', false,
      jsonb_build_object('title', 'Engineer', 'organization', 'Department ' || n % 100, 'workPhone', '+49 ' || n),
      '{}', now(), now(), lower(name), array_to_tsvector(string_to_array(lower(name), ' '))
    from person`.execute(transaction)
  await sql`
    create temporary table pair on commit drop as
    select gen_random_uuid() as id, a.id as a, a.name as a_name, b.id as b, b.name as b_name,
      now() - random() * interval '300 days' as at
    from person a, generate_series(1, ${colleagues / 2}::int) as step
      join person b on true
    where b.n = (a.n + step) % ${accounts}::int`.execute(transaction)
  await sql`
    insert into connection (id, context_object, context_id, creator_id, target_id, state, access, created_at,
      updated_at, applied_at)
    select id, 'account', a, a, b, 'active', 2, at, at, at from pair`.execute(transaction)
  await sql`
    insert into colleague (id, owner_id, peer_id, connection_id, status, inviter_id, changed_by, message, peer_sort,
      updated_at)
    select gen_random_uuid(), a, b, id, 'accepted', a, b, '', lower(b_name), at from pair
    union all select gen_random_uuid(), b, a, id, 'accepted', a, b, '', lower(a_name), at from pair`.execute(
    transaction,
  )
  await sql`
    insert into network (owner_id, status, version, changed, total)
    select id, 'accepted', 1, now(), ${colleagues}::int from person`.execute(transaction)
  const secret = await hashPassword('load test password')
  await sql`
    insert into credential (id, account_id, kind, secret, created_at, updated_at)
    select gen_random_uuid(), id, 'password', ${secret}, now(), now() from person where n = 0`.execute(transaction)
})
for (const table of ['account', 'colleague', 'network'] as const) await sql`analyze ${sql.table(table)}`.execute(db)
await database.close()
process.stdout.write(
  `${accounts} accounts with ${colleagues} colleagues each, in ${Math.round((performance.now() - start) / 1000)} s.\n` +
    'Sign in as load0 with the password: load test password\n',
)
