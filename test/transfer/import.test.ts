import { sql } from 'kysely'
import { v5 as uuidOf } from 'uuid'
import { changePhoto } from '../../src/connections/photo.js'
import { changeRole } from '../../src/people/change-store.js'
import { knownFrom } from '../../src/people/merge.js'
import { importFiles } from '../../src/transfer/import.js'
import { appPasswordOf } from '../support/app-passwords.js'
import { importFixture } from '../support/import-fixture.js'
import { account, colleague, connectionDocument, contents, empty, entryId, exported, jsonLines } from './files.js'

const { database, folder } = importFixture()

let files = 0
const file = (...lines: object[]) => folder.write(`${++files}.jsonl`, jsonLines(...lines))
const recorded = (shown: Parameters<typeof connectionDocument>[0]) =>
  folder.write(`${++files}.xml`, connectionDocument(shown))
const bring = async (...lines: object[]) => importFiles(database.db, [await file(...lines)])

const orders = <Value>(values: readonly Value[]): Value[][] =>
  values.length < 2
    ? [[...values]]
    : values.flatMap((value, at) => orders(values.toSpliced(at, 1)).map((rest) => [value, ...rest]))

/** The results of all orders of these files, in one import and in one import for each file. */
async function outcomes(paths: readonly string[]): Promise<Set<string>> {
  const texts = new Set<string>()
  for (const order of orders(paths)) {
    for (const commands of [[order], order.map((path) => [path])]) {
      await empty(database.db)
      for (const command of commands) await importFiles(database.db, command)
      texts.add(await exported(database.db))
    }
  }
  return texts
}

const row = (owner: string, peer: string) =>
  database.db
    .selectFrom('colleague')
    .innerJoin('account as o', 'o.id', 'owner_id')
    .innerJoin('account as p', 'p.id', 'peer_id')
    .selectAll('colleague')
    .where('o.user_id', '=', owner)
    .where('p.user_id', '=', peer)
    .executeTakeFirst()

const lists = async (userId: string) => {
  const rows = await database.db
    .selectFrom('network')
    .innerJoin('account', 'account.id', 'owner_id')
    .select(['status', 'version', 'total'])
    .where('user_id', '=', userId)
    .orderBy('status')
    .execute()
  return Object.fromEntries(rows.map(({ status, version, total }) => [status, { version, total }]))
}

const extension = { id: '1', key: 'k', value: 'v', dataType: 'text' }

const invitation = { status: 'pending', message: 'Hi\n<b>there</b>' }

describe('a pair', () => {
  test('becomes a connection and a row for each person', async () => {
    await bring(account('ann'), account('bo'), colleague('ann', 'bo', 1, invitation, 3))
    const [connection] = await database.db.selectFrom('connection').selectAll().execute()
    const [mine, theirs] = [await row('ann', 'bo'), await row('bo', 'ann')]
    const at = new Date('2026-01-03T00:00:00Z')
    expect(connection).toMatchObject({
      context_object: 'account',
      context_id: mine?.owner_id,
      creator_id: mine?.owner_id,
      target_id: mine?.peer_id,
      state: 'pending',
      access: 2,
      created_at: at,
      updated_at: at,
      applied_at: null,
    })
    expect(mine).toMatchObject({ id: entryId(1), status: 'unconfirmed', peer_sort: 'bo', updated_at: at })
    expect(theirs).toMatchObject({ status: 'pending', peer_sort: 'ann', updated_at: at })
    for (const each of [mine, theirs]) {
      expect(each).toMatchObject({ connection_id: connection?.id, message: 'Hi\n<b>there</b>' })
      expect(each).toMatchObject({ inviter_id: mine?.owner_id, changed_by: mine?.owner_id })
    }
    expect(theirs?.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5/)
  })

  test('is accepted by a newer statement and keeps connection, ids and message', async () => {
    await bring(account('ann'), account('bo'), colleague('ann', 'bo', 1, invitation))
    const before = await row('bo', 'ann')
    expect(await bring(colleague('ann', 'bo', 1, {}, 5))).toMatchObject({ colleagues: { changed: 1 } })
    const after = await row('bo', 'ann')
    expect(after).toEqual({
      ...before,
      status: 'accepted',
      changed_by: before?.owner_id,
      updated_at: new Date('2026-01-05T00:00:00Z'),
    })
    const [connection] = await database.db.selectFrom('connection').selectAll().execute()
    expect(connection).toMatchObject({
      id: before?.connection_id,
      state: 'active',
      created_at: new Date('2026-01-01T00:00:00Z'),
      applied_at: new Date('2026-01-05T00:00:00Z'),
    })
  })

  describe('with rights granted by the module', () => {
    const more = { access: 6, roles: ['editor'] }
    /** Ann invites bo in a file, then by the module. Expects each one's rights on the other's account. */
    const rights = async (state: 'active' | 'pending', ...then: object[]) => {
      await bring(account('ann'), account('bo'), colleague('ann', 'bo', 1, state === 'pending' ? invitation : {}))
      await database.db
        .updateTable('connection')
        .set({ ...more, skipped_access: 6 })
        .execute()
      await bring(...then)
      const connection = await database.db.selectFrom('connection').selectAll().executeTakeFirstOrThrow()
      const { owner_id: ann } = (await row('ann', 'bo')) as { owner_id: string }
      const given = [connection.access, ...connection.roles].join()
      const back = [connection.reverse_access, ...connection.reverse_roles].join()
      return connection.context_id === ann ? { bo: given, ann: back } : { bo: back, ann: given }
    }

    test.each<[string, 'active' | 'pending', object, object]>([
      ['stays, of the same inviter', 'active', colleague('ann', 'bo', 1, {}, 5), { bo: '6,editor', ann: '2' }],
      [
        'stays with each of the two, of the other inviter',
        'active',
        colleague('bo', 'ann', 2, {}, 5),
        { bo: '6,editor', ann: '2' },
      ],
      [
        'is offered still, of the same inviter',
        'pending',
        colleague('ann', 'bo', 1, invitation, 5),
        { bo: '6,editor', ann: '2' },
      ],
      [
        'is not what the other inviter offers',
        'pending',
        colleague('bo', 'ann', 2, invitation, 5),
        { bo: '2', ann: '2' },
      ],
      ['makes colleagues if it is accepted', 'pending', colleague('ann', 'bo', 1, {}, 5), { bo: '2', ann: '2' }],
      [
        'makes colleagues if the other inviter is accepted',
        'pending',
        colleague('bo', 'ann', 2, {}, 5),
        { bo: '2', ann: '2' },
      ],
      ['ends if it is pending again', 'active', colleague('ann', 'bo', 1, invitation, 5), { bo: '2', ann: '2' }],
    ])('%s: %s', async (_what, state, line, expected) => {
      expect(await rights(state, line)).toEqual(expected)
    })
  })

  test('replaces a derived id by the real one in either order', async () => {
    const seen = { source: 'bo', target: 'ann', author: 'ann', contributor: 'ann', on: 1, status: 'pending' } as const
    const texts = await outcomes([
      await recorded({ ...seen, id: 1, source: 'ann', target: 'bo', status: 'unconfirmed' }),
      await recorded({ ...seen, id: 2 }),
    ])
    expect(texts.size).toBe(1)
    expect([await row('ann', 'bo'), await row('bo', 'ann')].map((each) => each?.id)).toEqual([1, 2].map(entryId))
  })

  test('updates a derived id when its source id is replaced', async () => {
    const pair = (id: number, on: number) => colleague('ann', 'bo', id, { status: 'pending' }, on)
    await bring(account('ann'), account('bo'), pair(1, 2))
    await bring(pair(2, 1))
    expect((await row('ann', 'bo'))?.id).toBe(entryId(1))
    const derived = (await row('bo', 'ann'))?.id
    await bring(pair(3, 3))
    expect((await row('ann', 'bo'))?.id).toBe(entryId(3))
    const moved = (await row('bo', 'ann'))?.id as string
    expect(moved).not.toBe(derived)
    expect(moved).toBe(uuidOf(entryId(3), '9b1d6e40-52c7-5d3a-8e94-d7a06f3b1c25'))
  })
})

describe('the order of files', () => {
  test('does not matter for recorded documents and directory files', async () => {
    const seen = { source: 'ann', target: 'bo', author: 'ann', contributor: 'ann' } as const
    const texts = await outcomes([
      await recorded({ ...seen, id: 1, status: 'unconfirmed', on: 2, message: 'Hello' }),
      await recorded({ ...seen, id: 2, source: 'bo', target: 'ann', contributor: 'bo', status: 'accepted', on: 4 }),
      await file(
        account('ann', { name: 'Ann Older', profile: { title: 'Chemist' } }, 1),
        account('bo', { login: 'bo.desk' }, 3),
        account('cy'),
        colleague('cy', 'ann', 3, {}, 2),
      ),
      await file(
        account('bo', { name: 'Bo Newer' }, 6),
        account('cy', {}, 1),
        colleague('cy', 'bo', 4, { status: 'pending' }, 5),
      ),
    ])
    expect([...texts]).toEqual([expect.stringContaining('"name":"Bo Newer"')])
    expect([...texts][0]).toContain('"message":"Hello"')
  })

  test('does not matter when derived user ids are replaced by real ones', async () => {
    const list = (parameter: string) =>
      '<feed xmlns="http://www.w3.org/2005/Atom"><title type="text">Connections of ANN</title>' +
      '<updated>2026-01-01T00:00:00Z</updated>' +
      `<link href="https://example.com/profiles/atom/connections.do?${parameter}" rel="self"></link></feed>`
    const key = '368771b6-89d1-438b-9d38-21bcec5a64af'
    const texts = await outcomes([
      await folder.write('by-email.xml', list('email=Ann%40example.com')),
      await folder.write('by-key.xml', list(`key=${key}`)),
      await file(account('ann', { key }, 2)),
      await recorded({
        ...{ id: 1, source: 'ann', target: 'bo', status: 'unconfirmed', author: 'ann', contributor: 'ann', on: 1 },
      }),
    ])
    expect([...texts]).toEqual([expect.stringContaining(`{"account":{"key":"${key}","userId":"ann"`)])
    expect([...texts][0]?.match(/"account"/g)).toHaveLength(2)
  })

  test('does not matter for a pair with a derived user id', async () => {
    const byEmail =
      '<feed xmlns="http://www.w3.org/2005/Atom"><title type="text">Connections of ANN</title>' +
      '<updated>2026-01-01T00:00:00Z</updated>' +
      '<link href="https://example.com/c.do?email=ann%40example.com" rel="self">' +
      '</link></feed>'
    await importFiles(database.db, [await folder.write('placeholder.xml', byEmail)])
    const { user_id } = await database.db.selectFrom('account').select('user_id').executeTakeFirstOrThrow()
    const backup = await file(
      account(user_id, { email: 'ann@example.com', name: 'ANN' }),
      account('bo'),
      colleague('bo', user_id, 1),
    )
    const texts = await outcomes([backup, await file(account('ann', {}, 2))])
    expect([...texts]).toEqual([expect.stringContaining('"inviter":"bo","invited":"ann"')])
  })
})

describe('two rows that turn out to be one person', () => {
  const email = 'ann@example.com'
  const madeUp = knownFrom({ email, seen: new Date(0) }).userId
  const placeholder = account(madeUp, { email, name: 'ANN' })
  const unlinked = account('ann', { email: undefined }, 2)
  const link = account('ann', { email }, 3)
  const ids = async () => {
    const rows = await database.db.selectFrom('account').select(['id', 'user_id']).execute()
    return Object.fromEntries(rows.map(({ id, user_id }) => [user_id, id]))
  }

  test('become one row with the connections of both', async () => {
    await bring(placeholder, unlinked, account('bo'))
    const before = await ids()
    await bring(colleague('ann', 'bo', 1))
    await sql`
      update connection set context_object = 'report', target_id = ${before[madeUp]}`.execute(database.db)
    // The remaining account has the same grant.
    await sql`
      insert into connection (
        id, context_object, context_id, creator_id, target_id, state, access, created_at, updated_at)
      select gen_random_uuid(), context_object, context_id, creator_id, ${before['ann']}, state, access,
        created_at, updated_at
      from connection`.execute(database.db)
    // Also of an object without a UUID.
    await sql`
      insert into connection (
        id, context_object, context_text, creator_id, target_id, state, access, created_at, updated_at)
      select gen_random_uuid(), 'slug', 'a plan', creator_id, target_id, state, access,
        created_at, updated_at
      from connection`.execute(database.db)
    await sql`
      insert into connection (
        id, context_object, context_id, creator_id, target_id, state, access, created_at, updated_at)
      select gen_random_uuid(), 'document', context_id, creator_id, ${before[madeUp]}, state, access,
        created_at, updated_at
      from connection where target_id = ${before['ann']} and context_object = 'report'`.execute(database.db)
    expect(await bring(link)).toMatchObject({ accounts: { added: 0, changed: 1, unchanged: 0 } })
    expect(await ids()).toEqual({ ann: before['ann'], bo: before['bo'] })
    const grants = await database.db.selectFrom('connection').select(['context_object', 'target_id']).execute()
    expect(grants.map((grant) => [grant.context_object, grant.target_id]).sort()).toEqual([
      ['document', before['ann']],
      ['report', before['ann']],
      ['slug', before['ann']],
    ])
  })

  test('become one row with its own picture or the newest other', async () => {
    const { db } = database
    const photos = () => db.selectFrom('photo').select(['account_id', 'type']).execute()
    for (const own of [false, true]) {
      await empty(db)
      await bring(placeholder, unlinked, account('bo'))
      const before = await ids()
      const [kept, gone] = [before['ann'], before[madeUp]].sort() as [string, string]
      await changePhoto(db, gone, { type: 'image/gif', bytes: Buffer.from('GIF89a') })
      if (own) await changePhoto(db, kept, { type: 'image/png', bytes: Buffer.from('PNG') })
      const shown = async () =>
        (await db.selectFrom('account').select('updated_at').where('id', '=', kept).executeTakeFirst())?.updated_at
      const earlier = await shown()
      await bring(link)
      expect(await photos()).toEqual([{ account_id: kept, type: own ? 'image/png' : 'image/gif' }])
      // Links to a picture are dated by its profile.
      if (!own) expect((await shown())?.getTime()).toBeGreaterThan(earlier?.getTime() as number)
    }
  })

  test('become the row that is in use', async () => {
    await bring(placeholder, unlinked, account('bo'), colleague('bo', madeUp, 1))
    const before = await ids()
    await bring(link)
    expect(await ids()).toEqual({ ann: before[madeUp], bo: before['bo'] })
    expect(await exported(database.db)).toContain('"inviter":"bo","invited":"ann"')
    expect(await lists('bo')).toEqual({ accepted: { version: 2, total: 1 } })
  })

  test.each(['ann', madeUp])('become the row that can sign in, even by app password only: %s', async (userId) => {
    await bring(placeholder, unlinked, account('bo'))
    const { id } = await appPasswordOf(database.db, userId)
    const before = await ids()
    await bring(link)
    expect(await ids()).toEqual({ ann: before[userId], bo: before['bo'] })
    expect(await database.db.selectFrom('credential').select(['id', 'account_id']).execute()).toEqual([
      { id, account_id: before[userId] },
    ])
  })

  test('stay two if both are in use, with the address at the row of the user id', async () => {
    await bring(placeholder, unlinked, account('bo'), colleague('bo', madeUp, 1), colleague('bo', 'ann', 2))
    const before = await ids()
    const { losses } = await bring(link)
    expect(losses).toMatchObject([
      { field: 'email', name: email, loser: { userId: madeUp }, holder: { userId: 'ann' } },
    ])
    expect(await ids()).toEqual(before)
    expect(await bring(link)).toMatchObject({ accounts: { unchanged: 1 }, losses: [] })
  })
})

describe('an import', () => {
  test('is idempotent, versions included', async () => {
    const paths = [
      await file(
        account('ann'),
        account('bo'),
        account('cy'),
        colleague('ann', 'bo', 1),
        colleague('cy', 'ann', 2, invitation),
      ),
      await recorded({
        ...{ id: 9, source: 'bo', target: 'cy', status: 'accepted', author: 'bo', contributor: 'cy', on: 2 },
      }),
    ]
    expect(await importFiles(database.db, paths)).toEqual({
      accounts: { added: 3, changed: 0, unchanged: 0 },
      colleagues: { added: 3, changed: 0, unchanged: 0 },
      losses: [],
    })
    const before = await contents(database.db)
    expect(await importFiles(database.db, paths)).toEqual({
      accounts: { added: 0, changed: 0, unchanged: 3 },
      colleagues: { added: 0, changed: 0, unchanged: 3 },
      losses: [],
    })
    expect(await contents(database.db)).toEqual(before)
  })

  test('prefers the operator for equal dates', async () => {
    await bring(account('ann', { login: 'a', profile: { title: 'Chemist' }, roles: ['admin'] }))
    expect(await bring(account('ann', { name: 'A' }))).toMatchObject({ accounts: { changed: 1 } })
    expect(await exported(database.db)).toContain('"name":"A","roles":["admin"]')
    expect(await bring(account('ann', { name: 'Z', updated: '2025-01-01T00:00:00Z' }))).toMatchObject({
      accounts: { unchanged: 1 },
    })
  })

  test('keeps absent fields and empties null ones', async () => {
    const profile = { title: 'Chemist', city: 'Oslo', tags: ['lab'], isManager: true, extensions: [extension] }
    const full = { login: 'a', external: true, roles: ['admin'], state: 'inactive', profile }
    const line = async () => JSON.parse((await exported(database.db)).split('\n')[1] as string) as { account: object }
    await bring(account('ann', full))
    const before = (await line()).account
    await bring({ account: { userId: 'ann', updated: '2026-01-02T00:00:00Z' } })
    expect((await line()).account).toEqual({ ...before, updated: '2026-01-02T00:00:00.000Z' })
    await bring(account('ann', { email: undefined, profile: { title: 'Boss' } }, 3))
    expect((await line()).account).toMatchObject({ ...full, profile: { ...profile, title: 'Boss' } })
    const none = { login: null, email: null, external: null, roles: null, state: null }
    await bring(account('ann', { ...none, profile: { title: null, tags: null, isManager: null, extensions: null } }, 4))
    const emptied = { title: null, city: 'Oslo', tags: null, isManager: null, extensions: null }
    expect((await line()).account).toMatchObject({ ...none, state: 'active', profile: emptied })
    const row = await database.db.selectFrom('account').selectAll().executeTakeFirstOrThrow()
    expect(row).toMatchObject({ login: null, email: null, external: null, roles: [], state: 'active' })
    expect(row.profile).toEqual({ city: 'Oslo' })
    await bring(account('ann', { profile: null }, 5))
    expect((await database.db.selectFrom('account').select('profile').executeTakeFirstOrThrow()).profile).toEqual({})

    // The export keeps the emptied values.
    const text = await exported(database.db)
    await empty(database.db)
    await bring(account('ann', full))
    await importFiles(database.db, [await folder.write('emptied.jsonl', text)])
    expect(await exported(database.db)).toBe(text)
  })

  test('names a nameless account by address or user id', async () => {
    const nameless = (email: string | undefined, on: string) => ({ account: { userId: 'ann', email, updated: on } })
    const name = async () => (await database.db.selectFrom('account').select('name').executeTakeFirstOrThrow()).name
    await bring(nameless(undefined, '2026-01-01T00:00:00Z'))
    expect(await name()).toBe('ann')
    await bring(nameless('ann@example.com', '2026-01-02T00:00:00Z'))
    expect(await name()).toBe('ann@example.com')
    await bring(account('ann'))
    expect(await name()).toBe('ANN')
  })

  test('of a feed keeps everything it does not show', async () => {
    await bring(account('bo', { login: 'b', external: true, roles: ['admin'], profile: { title: 'Chemist' } }))
    await importFiles(database.db, [
      await recorded({
        ...{ id: 9, source: 'bo', target: 'cy', status: 'accepted', author: 'bo', contributor: 'cy', on: 2 },
      }),
    ])
    const row = await database.db
      .selectFrom('account')
      .selectAll()
      .where('user_id', '=', 'bo')
      .executeTakeFirstOrThrow()
    expect(row).toMatchObject({ login: 'b', external: true, roles: ['admin'], profile: { title: 'Chemist' } })
  })

  test('counts a person once across batches, and creates no list', async () => {
    const others = Array.from({ length: 1500 }, (_, number) => account(`u${number}`))
    const summary = await bring(account('ann'), ...others, account('ann', { name: 'Ann Later' }, 2), account('u0'))
    expect(summary.accounts).toEqual({ added: 1501, changed: 0, unchanged: 0 })
    expect(await exported(database.db)).toContain('"name":"Ann Later"')
    expect(await lists('ann')).toEqual({})
  })

  test('reports its progress in bytes', async () => {
    const progress: number[] = []
    const paths = [await file(account('ann')), await file(account('bo'))]
    await importFiles(database.db, paths, { onProgress: (bytes) => progress.push(bytes) })
    const [first, second] = [account('ann'), account('bo')].map((line) => jsonLines(line).length) as [number, number]
    expect(progress).toEqual([first, first + second])
  })

  test('keeps passwords and other accounts', async () => {
    await bring(account('ann'))
    const { id } = await database.db.selectFrom('account').select('id').executeTakeFirstOrThrow()
    await sql`insert into credential values (${id}, ${id}, 'password', 'secret', now(), now())`.execute(database.db)
    await bring(account('ann', { key: '368771b6-89d1-438b-9d38-21bcec5a64af' }, 2))
    expect(await database.db.selectFrom('credential').select('account_id').execute()).toEqual([{ account_id: id }])
  })

  test('lets logins move between people', async () => {
    await bring(account('ann', { login: 'x' }), account('bo', { login: 'y' }))
    await bring(account('ann', { login: 'y' }, 2), account('bo', { login: 'x' }, 2))
    expect(await exported(database.db)).toMatch(/"ann","login":"y"[^]*"bo","login":"x"/)
  })
})

describe('a list', () => {
  const people = [account('ann'), account('bo'), account('cy'), account('di')]

  test('has a total and a version with its first entry', async () => {
    await bring(...people, colleague('ann', 'bo', 1), colleague('ann', 'cy', 2, invitation))
    expect(await lists('ann')).toEqual({
      accepted: { version: 1, total: 1 },
      unconfirmed: { version: 1, total: 1 },
    })
    expect(await lists('cy')).toEqual({ pending: { version: 1, total: 1 } })
    expect(await lists('di')).toEqual({})
  })

  test('gets a new version for its own changes only', async () => {
    await bring(...people, colleague('ann', 'bo', 1), colleague('ann', 'cy', 2, invitation))
    await bring(colleague('ann', 'cy', 2, {}, 2), colleague('di', 'bo', 3))
    expect(await lists('ann')).toEqual({
      accepted: { version: 2, total: 2 },
      unconfirmed: { version: 2, total: 0 },
    })
    expect(await lists('cy')).toEqual({ accepted: { version: 1, total: 1 }, pending: { version: 2, total: 0 } })
    expect(await lists('bo')).toEqual({ accepted: { version: 2, total: 2 } })
    expect(await lists('di')).toEqual({ accepted: { version: 1, total: 1 } })
  })

  test('gets a new version when its owner or a peer changes, and is sorted by the new name', async () => {
    await bring(...people, colleague('ann', 'bo', 1), colleague('ann', 'cy', 2, invitation), colleague('cy', 'di', 3))
    const { rows: before } = await sql<{ changed: Date }>`select max(changed) as changed from network`.execute(
      database.db,
    )
    await bring(account('ann', { name: 'Zoë' }, 2))
    expect((await row('bo', 'ann'))?.peer_sort).toBe('zoe')
    expect((await row('cy', 'ann'))?.peer_sort).toBe('zoe')
    expect((await row('ann', 'bo'))?.peer_sort).toBe('bo')
    expect(await lists('ann')).toEqual({
      accepted: { version: 2, total: 1 },
      pending: { version: 1, total: 0 },
      unconfirmed: { version: 2, total: 1 },
    })
    expect(await lists('bo')).toEqual({ accepted: { version: 2, total: 1 } })
    expect(await lists('cy')).toEqual({ accepted: { version: 1, total: 1 }, pending: { version: 2, total: 1 } })
    expect(await lists('di')).toEqual({ accepted: { version: 1, total: 1 } })
    const { rows: after } = await sql<{ later: boolean }>`
      select changed > ${before[0]?.changed} as later from network join account on account.id = owner_id
      where user_id = 'bo'`.execute(database.db)
    expect(after).toEqual([{ later: true }])
  })

  test('keeps its version when only roles change', async () => {
    await bring(...people, colleague('ann', 'bo', 1))
    expect(await bring(account('ann', { roles: ['admin'] }))).toMatchObject({ accounts: { changed: 1 } })
    expect(await lists('ann')).toEqual({ accepted: { version: 1, total: 1 } })
  })

  test('is never dated before its newest row', async () => {
    // As far ahead as clocks may differ.
    const future = new Date(Date.now() + 1_800_000).toISOString()
    await bring(...people, colleague('ann', 'bo', 1, { updated: future }))
    const [list] = await database.db.selectFrom('network').select('changed').execute()
    expect(list?.changed).toEqual(new Date(future))
    await bring(account('bo', { name: 'Bob' }, 2))
    expect(
      (await database.db.selectFrom('network').select('changed').where('total', '=', 1).execute())[0]?.changed,
    ).toEqual(new Date(new Date(future).getTime() + 1))
  })
})

test('a role removed at the command line does not return with the same file', async () => {
  await bring(account('ann', { roles: ['staff'] }))
  const { id } = await database.db.selectFrom('account').select('id').executeTakeFirstOrThrow()
  const before = await exported(database.db)
  await changeRole(database.db, id, 'staff', 'remove')
  const without = await exported(database.db)
  expect(before).toContain('"roles":["staff"]')
  expect(without).not.toContain('staff')
  await bring(account('ann', { roles: ['staff'] }))
  expect(await exported(database.db)).toBe(without)
})
