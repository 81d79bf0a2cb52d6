import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { type RawBuilder, sql } from 'kysely'
import { doctorCommand } from '../../src/cli/database.js'
import type { Fault } from '../../src/connections/integrity-store.js'
import { counted } from '../../src/formats.js'
import { freshDatabase, type TestDatabase } from '../support/database.js'
import { addPerson, connect } from '../support/world.js'

/** Each kind of damage is found and located. */

let database: TestDatabase
let row: string
beforeAll(async () => {
  database = await freshDatabase(Object.values(kinds))
})
beforeEach(async () => {
  for (const table of ['colleague', 'connection', 'network', 'account'] as const) {
    await database.db.deleteFrom(table).execute()
  }
  const [ann, bo, cy] = [
    await addPerson(database.db, 'ann'),
    await addPerson(database.db, 'bo'),
    await addPerson(database.db, 'cy'),
  ]
  row = await connect(database.db, ann, bo, 'accepted')
  await connect(database.db, ann, cy, 'invited')
})
afterAll(() => database.close())

const kinds = {
  orphan: 'a colleague row has no account for its peer',
  alone: 'the peer has no colleague row of the same connection',
  differ: 'the two colleague rows of a connection differ',
  inviter: 'the status of a colleague row contradicts its inviter',
  connection: 'a colleague row has no connection with the same state and people',
  views: 'a connection of two accounts does not have two colleague rows',
  order: 'a colleague row has an outdated sort name of its peer',
  count: 'the stored total of a list differs from the number of its rows',
} satisfies Record<string, Fault['what']>

async function doctor(): Promise<{ output: string; error: unknown }> {
  const output = new PassThrough()
  const terminal = { input: new PassThrough(), output, errors: new PassThrough() }
  const error: unknown = await doctorCommand(terminal, database.db).then(
    () => undefined,
    (error: unknown) => error,
  )
  output.end()
  return { output: await text(output), error }
}

test('doctor reports no inconsistencies', async () => {
  expect(await doctor()).toEqual({ output: 'No inconsistencies found.\n', error: undefined })
})

test.each<[string, () => RawBuilder<unknown>, (keyof typeof kinds)[]]>([
  ['an account is gone', () => sql`delete from account where user_id = 'cy'`, ['orphan', 'alone', 'views']],
  ['a view is gone', () => sql`delete from colleague where id = ${row}`, ['alone', 'views', 'count']],
  ['a message differs', () => sql`update colleague set message = 'x' where id = ${row}`, ['differ']],
  ['a date differs', () => sql`update colleague set updated_at = now() where id = ${row}`, ['differ']],
  [
    'a status is half',
    () => sql`update colleague set status = 'unconfirmed' where id = ${row}`,
    ['differ', 'connection', 'count'],
  ],
  [
    'sides are exchanged',
    () => sql`update colleague set inviter_id = peer_id where status = 'unconfirmed' and inviter_id = owner_id`,
    ['differ', 'inviter', 'connection'],
  ],
  ['a connection is gone', () => sql`delete from connection where state = 'active'`, ['connection']],
  ['a connection is undecided again', () => sql`update connection set state = 'pending'`, ['connection']],
  ['a name is another', () => sql`update account set sort = 'x' where user_id = 'cy'`, ['order']],
  ['a count is off', () => sql`update network set total = total + 1 where status = 'accepted'`, ['count']],
  ['a list has no row', () => sql`delete from network where status = 'pending'`, ['count']],
])('doctor finds: %s', async (_name, damage, expected) => {
  await damage().execute(database.db)
  const { output, error } = await doctor()
  const lines = output.trim().split('\n')
  expect([...new Set(lines.map((line) => line.slice(line.indexOf(': ') + 2)))].sort()).toEqual(
    expected.map((kind) => kinds[kind]).sort(),
  )
  expect(error).toMatchObject({
    code: 'invalid',
    message: `${counted(lines.length, 'inconsistency', 'inconsistencies')} found.`,
  })
})
