import { sql } from 'kysely'
import { type Client, startClient } from '../support/client.js'
import { freshDatabase, scaled, type TestDatabase } from '../support/database.js'
import { connectionEntry } from '../support/entries.js'
import { addPerson, connect, disconnect, signInSecret, touch } from '../support/world.js'
import { child, parse } from '../support/xml.js'

/** The administrator's address (docs/wire.md, Other resources): connects two people, and removes connections. */

let database: TestDatabase
let client: Client
const id: Record<string, string> = {}

beforeAll(async () => {
  database = await freshDatabase()
  client = await startClient(database.db)
  for (const name of ['root', 'ann', 'bo', 'cy', 'di']) {
    id[name] = await addPerson(database.db, name, { password: signInSecret })
  }
  await database.db
    .updateTable('account')
    .set({ roles: ['admin'] })
    .where('user_id', '=', 'root')
    .execute()
})
beforeEach(async () => {
  for (const { id } of await database.db.selectFrom('colleague').select('id').execute()) {
    const left = await database.db.selectFrom('colleague').select('id').where('id', '=', id).executeTakeFirst()
    if (left) await disconnect(database.db, id)
  }
})
afterAll(async () => {
  await client.close()
  await database.close()
})

const of = (name: string) => id[name] as string
const send = (
  method: string,
  query: string,
  name: string | undefined,
  body?: string,
  headers: Record<string, string> = {},
) =>
  client.send(`/profiles/admin/atom/connections.do?${query}`, {
    method,
    headers,
    ...(name !== undefined && { as: `${name}:colleagues` }),
    ...(body !== undefined && { body }),
  })
const complete = (query = 'action=complete&sourceUserid=ann&targetUserid=bo', name: string | undefined = 'root') =>
  send('PUT', query, name, connectionEntry('accepted', 'by us'))
const rows = async () =>
  (
    await database.db
      .selectFrom('colleague')
      .innerJoin('account as owner', 'owner.id', 'owner_id')
      .innerJoin('account as peer', 'peer.id', 'peer_id')
      .innerJoin('account as inviter', 'inviter.id', 'inviter_id')
      .innerJoin('account as changer', 'changer.id', 'changed_by')
      .select(['owner.name as owner', 'peer.name as peer', 'inviter.name as inviter', 'changer.name as changer'])
      .select(['status', 'message'])
      .orderBy('owner.name')
      .orderBy('peer.name')
      .execute()
  ).map((row) => Object.values(row).join(' '))

describe('PUT', () => {
  test('connects two people without a connection', async () => {
    const { status, headers, text } = await complete()
    expect([status, headers['content-type']]).toEqual([200, 'application/atom+xml;charset=UTF-8'])
    const entry = parse(text)
    expect([entry.name, child(entry, 'title').text, entry.children[5]?.attributes['term']]).toEqual([
      'entry',
      'bo',
      'accepted',
    ])
    expect(await rows()).toEqual(['ann bo ann bo accepted by us', 'bo ann ann bo accepted by us'])
    const letters = await database.db.selectFrom('outbox').select('id').execute()
    expect(letters).toEqual([])
  })

  test('accepts a pending invitation of either direction', async () => {
    await connect(database.db, of('bo'), of('ann'), 'invited', { message: 'please' })
    expect((await complete()).status).toBe(200)
    expect(await rows()).toEqual(['ann bo bo ann accepted by us', 'bo ann bo ann accepted by us'])
  })

  test('PUT and DELETE with a stale If-Match are 412', async () => {
    const row = await connect(database.db, of('ann'), of('bo'), 'accepted')
    const { headers } = await client.send(`/atom/connection.do?connectionId=${row}`, { as: 'root:colleagues' })
    const two = 'sourceUserid=ann&targetUserid=bo'
    const stale = { 'if-match': '"stale"' }
    expect((await send('PUT', two, 'root', connectionEntry('accepted', 'x'), stale)).status).toBe(412)
    for (const query of [`connectionId=${row}`, two, 'userid=ann']) {
      expect((await send('DELETE', query, 'root', undefined, stale)).status).toBe(412)
    }
    expect(await rows()).toEqual(['ann bo ann bo accepted ', 'bo ann ann bo accepted '])
    const fresh = { 'if-match': String(headers.etag) }
    expect((await send('DELETE', two, 'root', undefined, fresh)).status).toBe(200)
    expect(await rows()).toEqual([])
  })

  test('does not change existing colleagues', async () => {
    await complete()
    const first = await database.db.selectFrom('network').selectAll().orderBy('owner_id').orderBy('status').execute()
    expect((await complete()).status).toBe(200)
    const second = await database.db.selectFrom('network').selectAll().orderBy('owner_id').orderBy('status').execute()
    expect(second).toEqual(first)
  })

  test('the event names the administrator', async () => {
    await complete()
    const event = await database.db.selectFrom('connection_event').selectAll().orderBy('id', 'desc').executeTakeFirst()
    expect(event).toMatchObject({
      verb: 'completed',
      actor_id: of('root'),
      detail: { inviter: of('ann'), invited: of('bo') },
    })
  })

  test.each<[string, string | undefined, string, number]>([
    ['action=complete&sourceUserid=ann&targetUserid=bo', 'ann', 'accepted', 403],
    ['action=complete&sourceUserid=ann&targetUserid=zed', 'ann', 'accepted', 403],
    ['action=complete&sourceUserid=ann&targetUserid=bo', undefined, 'accepted', 401],
    ['action=complete&sourceUserid=ann&targetUserid=zed', 'root', 'accepted', 400],
    ['action=complete&sourceUserid=ann&targetUserid=ann', 'root', 'accepted', 400],
    ['action=complete&sourceUserid=ann', 'root', 'accepted', 400],
    ['action=complete', 'root', 'accepted', 400],
    ['action=complete&sourceUserid=gone&targetUserid=bo', 'root', 'accepted', 400],
    ['action=complete&sourceUserid=bo&targetUserid=gone', 'root', 'accepted', 400],
    ['action=undo&sourceUserid=ann&targetUserid=bo', 'root', 'accepted', 400],
    ['action=complete&sourceUserid=ann&targetUserid=bo', 'root', 'pending', 400],
  ])('%s by %s with status %s is %d', async (query, name, status, expected) => {
    const answer = await send('PUT', query, name, connectionEntry(status))
    expect(answer.status).toBe(expected)
    expect(await rows()).toEqual([])
  })
})

describe('DELETE', () => {
  let row: string
  beforeEach(async () => {
    row = await connect(database.db, of('ann'), of('bo'), 'accepted')
    await connect(database.db, of('cy'), of('ann'), 'invited')
    await connect(database.db, of('bo'), of('di'), 'accepted')
  })
  const pairs = async () => (await rows()).map((line) => line.split(' ').slice(0, 2).join(' '))

  test.each([
    ['connectionId=:row', ['ann cy', 'bo di', 'cy ann', 'di bo']],
    [
      'connectionId=:row&sourceUserid=bo&targetUserid=di&userid=ann&connectionType=x',
      ['ann cy', 'bo di', 'cy ann', 'di bo'],
    ],
    ['sourceUserid=cy&targetUserid=ann', ['ann bo', 'bo ann', 'bo di', 'di bo']],
    ['sourceUserid=bo&targetUserid=di&userid=ann', ['ann bo', 'ann cy', 'bo ann', 'cy ann']],
    ['userid=ann', ['bo di', 'di bo']],
    ['email=ANN%40example.com', ['bo di', 'di bo']],
    ['userid=root', ['ann bo', 'ann cy', 'bo ann', 'bo di', 'cy ann', 'di bo']],
  ])('removes the connections of %s', async (query, left) => {
    const answer = await send('DELETE', query.replace(':row', row), 'root')
    expect([answer.status, answer.body.length, answer.headers['content-type']]).toEqual([200, 0, 'text/html'])
    expect(await pairs()).toEqual(left)
  })

  test.each([['connectionId=:row'], ['userid=ann']])(
    'removes the connections of %s despite a missing peer account',
    async (query) => {
      const lost = await addPerson(database.db, 'lost')
      const orphan = await connect(database.db, of('ann'), lost, 'accepted')
      await database.db.deleteFrom('colleague').where('owner_id', '=', lost).execute()
      await database.db.deleteFrom('account').where('id', '=', lost).execute()
      expect((await send('DELETE', query.replace(':row', orphan), 'root')).status).toBe(200)
      const left = await database.db.selectFrom('colleague').select('id').where('peer_id', '=', lost).execute()
      expect(left).toEqual([])
    },
  )

  test('removes thousands of connections at once', async () => {
    await sql`
      with person as (
        insert into account (id, key, user_id, name, state, profile, seen, created_at, updated_at, sort, words)
        select id, id, 'many' || n, 'Many', 'active', '{}', '{}', now(), now(), 'many', array_to_tsvector(array['many'])
        from (select n, gen_random_uuid() as id from generate_series(1, ${scaled(30_000)}::integer) n) as numbered
        returning id
      ), pair as (select id, gen_random_uuid() as connection from person), connected as (
        insert into connection (id, context_object, context_id, creator_id, target_id, state, access, created_at, updated_at)
        select connection, 'account', ${of('di')}::uuid, ${of('di')}::uuid, id, 'active', 2, now(), now() from pair
      ), viewed as (
        insert into colleague
          (id, owner_id, peer_id, connection_id, status, inviter_id, changed_by, message, peer_sort, updated_at)
        select gen_random_uuid(), ${of('di')}::uuid, id, connection, 'accepted', ${of('di')}::uuid, id, '', 'many', now() from pair
        union all
        select gen_random_uuid(), id, ${of('di')}::uuid, connection, 'accepted', ${of('di')}::uuid, id, '', 'di', now() from pair
      )
      insert into network (owner_id, status, version, changed, total)
      select id, 'accepted', 1, now(), 1 from pair`.execute(database.db)
    await touch(database.db, of('di'), 'accepted')
    expect((await send('DELETE', 'userid=di', 'root')).status).toBe(200)
    expect(await pairs()).toEqual(['ann bo', 'ann cy', 'bo ann', 'cy ann'])
  })

  test.each<[string, string | undefined, number]>([
    ['userid=ann', 'ann', 403],
    ['userid=ann', undefined, 401],
    ['connectionId=:row', 'ann', 403],
    ['connectionId=01900000-0000-7000-8000-000000000001', 'root', 404],
    ['sourceUserid=ann&targetUserid=di', 'root', 404],
    ['userid=zed', 'root', 400],
    ['', 'root', 400],
  ])('%s by %s is %d and changes nothing', async (query, name, expected) => {
    expect((await send('DELETE', query.replace(':row', row), name)).status).toBe(expected)
    expect(await pairs()).toHaveLength(6)
  })

  test('GET is 405 with the allowed methods', async () => {
    const { status, headers } = await send('GET', '', 'root')
    expect([status, headers.allow]).toEqual([405, 'PUT, DELETE, OPTIONS'])
  })
})
