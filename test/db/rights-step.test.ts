import { type Kysely, sql } from 'kysely'
import { v7 as newId } from 'uuid'
import { down, up } from '../../migrations/0011-rights.js'
import { freshDatabase, type TestDatabase } from '../support/database.js'
import { openModule, type Person } from '../support/module.js'
import { connect } from '../support/world.js'

/** The rights of two accounts on each other, before and after the step that separates them. */

let database: TestDatabase
let module: Awaited<ReturnType<typeof openModule>>
beforeAll(async () => {
  database = await freshDatabase()
  module = await openModule(database)
})
afterAll(() => database.close())

interface Event {
  readonly verb: string
  readonly by: 'inviter' | 'invited' | 'other'
  readonly access?: number
  readonly roles?: readonly string[]
  readonly before?: number | null
}

const atom = (verb: string, by: Event['by']): Event => ({ verb, by })

/** Histories of connections, the stored rights, and the rights that the invited account keeps. */
const histories: Record<string, [events: readonly Event[], access: number, roles: string[], keeps: number, string[]]> =
  {
    'accepted by a colleague': [[atom('invited', 'inviter'), atom('accepted', 'invited')], 2, [], 2, []],
    'accepted as it was offered': [
      [
        { verb: 'invited', by: 'inviter', access: 6, roles: ['editor'] },
        { verb: 'accepted', by: 'invited', access: 6, roles: ['editor'] },
      ],
      ...([6, ['editor'], 6, ['editor']] as const),
    ] as never,
    'connected at once': [[{ verb: 'connected', by: 'other', access: 6, roles: [], before: null }], 6, [], 6, []],
    'raised by an invitation of the target that the context applied': [
      [
        { verb: 'invited', by: 'inviter', access: 2, roles: [] },
        { verb: 'accepted', by: 'invited', access: 2, roles: [] },
        { verb: 'accepted', by: 'inviter', access: 6, roles: ['editor'] },
      ],
      6,
      ['editor'],
      2,
      [],
    ],
    'raised over what the Atom door made': [
      [
        atom('invited', 'inviter'),
        atom('accepted', 'invited'),
        { verb: 'accepted', by: 'inviter', access: 6, roles: [] },
      ],
      6,
      [],
      2,
      [],
    ],
    'raised after more was offered': [
      [
        { verb: 'invited', by: 'inviter', access: 2, roles: ['editor'] },
        { verb: 'refreshed', by: 'inviter', access: 4, roles: ['editor'] },
        { verb: 'accepted', by: 'invited', access: 4, roles: ['editor'] },
        { verb: 'accepted', by: 'inviter', access: 6, roles: ['editor', 'reviewer'] },
      ],
      6,
      ['editor', 'reviewer'],
      4,
      ['editor'],
    ],
    'upgraded by a job': [
      [atom('invited', 'inviter'), { verb: 'upgraded', by: 'other', access: 6, roles: [], before: 2 }],
      6,
      [],
      2,
      [],
    ],
    'connected at once by a job while it was pending': [
      [
        { verb: 'invited', by: 'inviter', access: 4, roles: [] },
        { verb: 'connected', by: 'other', access: 6, roles: [], before: 4 },
      ],
      6,
      [],
      4,
      [],
    ],
  }

async function store(inviter: Person, invited: Person, events: readonly Event[], access: number, roles: string[]) {
  const { db } = database
  const row = await connect(db, inviter.id, invited.id, 'accepted')
  const { connection_id: id } = await db
    .selectFrom('colleague')
    .select('connection_id')
    .where('id', '=', row)
    .executeTakeFirstOrThrow()
  await db.updateTable('connection').set({ access, roles }).where('id', '=', id).execute()
  const actors = { inviter: inviter.id, invited: invited.id, other: newId() }
  const people = { object: 'account', context: inviter.id, target: invited.id }
  for (const { verb, by, access: given, roles: having, before } of events) {
    const detail =
      given === undefined
        ? { inviter: inviter.id, invited: invited.id }
        : { ...people, access: given, roles: having, ...(before !== undefined && { before }) }
    await db
      .insertInto('connection_event')
      .values({
        id: newId(),
        connection_id: id,
        actor_id: actors[by],
        verb,
        at: new Date(),
        detail: JSON.stringify(detail),
      })
      .execute()
  }
  return id
}

test('the rights step lowers rights to those of colleagues unless the owner offered more', async () => {
  const db = database.db as unknown as Kysely<unknown>
  await down(db)
  const people: [string, Person, Person][] = []
  const ids = new Map<string, string>()
  for (const [index, [how, [events, access, roles]]] of Object.entries(histories).entries()) {
    const [inviter, invited] = [await module.person(`inviter${index}`), await module.person(`invited${index}`)]
    ids.set(how, await store(inviter, invited, events, access, roles))
    people.push([how, inviter, invited])
  }
  const { rows: before } = await sql<{
    updated: Date
  }>`select updated_at as updated from connection order by id`.execute(db)
  await up(db)

  const { rows } = await sql<{ id: string; access: number; roles: string[] }>`
    select id, access, roles from connection`.execute(db)
  const kept = new Map(rows.map(({ id, access, roles }) => [id, [access, roles]]))
  expect([...ids].map(([how, id]) => [how, ...(kept.get(id) as unknown[])])).toEqual(
    Object.entries(histories).map(([how, [, , , access, roles]]) => [how, access, roles]),
  )
  for (const [, inviter, invited] of people) {
    const sharing = inviter.calls.create('accounts', invited.id, { email: 'who@example.com' })
    await expect(sharing).rejects.toMatchObject({ errCode: 'cortex.accessDenied.shareAccess' })
    await expect(inviter.calls.linkTo('accounts', invited.id)).rejects.toMatchObject({
      errCode: 'cortex.accessDenied.shareAccess',
    })
  }
  const { rows: after } = await sql<{
    updated: Date
  }>`select updated_at as updated from connection order by id`.execute(db)
  expect(after).toEqual(before)
})
