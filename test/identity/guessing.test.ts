import argon2 from '@node-rs/argon2'
import { sql } from 'kysely'
import { setPassword } from '../../src/identity/credential-store.js'
import { hashPassword } from '../../src/identity/password.js'
import { appPasswordOf } from '../support/app-passwords.js'
import { listenTo, real } from '../support/argon2.js'
import { type Answer, type Client, startClient } from '../support/client.js'
import { freshDatabase, type TestDatabase } from '../support/database.js'
import { openVisitor } from '../support/visitor.js'
import { addPerson, signInSecret } from '../support/world.js'

// Most guesses need no real verification.
const verify = listenTo('verify').mockImplementation((...asked) =>
  /^wrong \d/.test(asked[1] as string) ? Promise.resolve(false) : real.verify(...asked),
)

const hour = 3_600_000

let database: TestDatabase
let client: Client
let other: Client
let clock: number
let ann: string
beforeAll(async () => {
  database = await freshDatabase()
  const secret = await hashPassword('colleagues')
  ann = await addPerson(database.db, 'ann', { password: secret })
  for (const name of ['bo', 'gone']) await addPerson(database.db, name, { password: secret })
  await database.db.updateTable('account').set({ state: 'inactive' }).where('user_id', '=', 'gone').execute()
})
afterAll(() => database.close())
beforeEach(async () => {
  await database.db.deleteFrom('wrong_try').execute()
  await database.db.deleteFrom('known_address').execute()
  clock = Date.now()
  const start = () => startClient(database.db, { TRUST_PROXY: '127.0.0.1' }, () => new Date(clock))
  client = await start()
  other = await start()
  verify.mockClear()
})
afterEach(() => Promise.all([client.close(), other.close()]))

const path = '/profiles/atom/connections.do?connectionType=colleague'
const signIn = (name: string, password: string, from = '203.0.113.1', to = client) =>
  to.send(path, {
    as: `${name}:${password}`,
    headers: { 'X-Forwarded-For': from, 'X-Forwarded-Proto': 'https' },
  })
const outcome = ({ status, headers }: Answer) => [status, headers['retry-after']]
const undated = ({ status, headers, text }: Answer) => ({ status, text, headers: { ...headers, date: '' } })

let wrong = 0
/** Tries wrong passwords, another one each time. */
async function guess(name: string, times: number, from?: string, to?: Client) {
  const outcomes = []
  for (let time = 0; time < times; time++) outcomes.push(outcome(await signIn(name, `wrong ${wrong++}`, from, to)))
  return outcomes
}

/** Moves the counts of the database back in time. */
const pass = (seconds: number) =>
  sql`
    update wrong_try set
      blocked_until = blocked_until - ${seconds} * interval '1 second',
      forgotten_at = forgotten_at - ${seconds} * interval '1 second'`.execute(database.db)

const held = 3600
/** Extends all blocks, so that a slow test does not outlast them. */
const hold = () => pass(-held)

const denied = [401, undefined]

test.each([
  [1, 401, 1],
  [4, 401, 1],
  [5, 429, 1],
  [6, 429, 0],
])(
  'A6: at try %i an unknown name, a wrong password and a disabled account are one %i, for %i hash of one cost',
  async (nth, status, hashes) => {
    const tries = [
      ['nobody', 'colleagues'],
      ['ann', 'another password'],
      ['gone', 'colleagues'],
    ] as const
    for (const [name] of tries) await guess(name, nth - 1)
    await hold()
    const seen = []
    for (const [name, password] of tries) {
      verify.mockClear()
      const answer = undated(await signIn(name, password))
      if (hashes === 0) answer.headers['retry-after'] = answer.text = ''
      seen.push({ answer, costs: verify.mock.calls.map(([secret]) => argon2.parseOptions(secret as string)) })
    }
    expect(seen[0]?.answer.status).toBe(status)
    expect(seen[0]?.costs).toHaveLength(hashes)
    expect(seen).toEqual([seen[0], seen[0], seen[0]])
  },
)

describe('guessing (A7)', () => {
  test('a name gets 429 from the fifth failure on, with doubling waits', async () => {
    expect(await guess('ann', 4)).toEqual([denied, denied, denied, denied])
    const waits = []
    for (let time = 0; time < 13; time++) {
      const [[status, wait] = []] = await guess('ann', 1)
      expect(status).toBe(429)
      verify.mockClear()
      await hold()
      expect((await guess('ann', 2)).map(([status]) => status)).toEqual([429, 429])
      expect(verify).not.toHaveBeenCalled()
      await pass(held + Number(wait))
      waits.push(Number(wait))
    }
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900])
  })

  test('a 429 tells the seconds to wait', async () => {
    await guess('ann', 5)
    await hold()
    const wait = Number((await signIn('ann', 'colleagues')).headers['retry-after'])
    expect(wait).toBeGreaterThan(held - 60)
    expect(wait).toBeLessThanOrEqual(held + 1)
  })

  test('an unknown name is counted like a known one', async () => {
    expect(await guess('nobody', 5)).toEqual([denied, denied, denied, denied, [429, '1']])
    await pass(1)
    expect(await guess('nobody', 1)).toEqual([[429, '2']])
  })

  test('letter case, address and server do not change the count of a name', async () => {
    await guess('Ann@example.com', 2)
    await guess('aNN@EXAMPLE.com', 2, '198.51.100.1', other)
    expect(await guess('ann@example.com', 1, '198.51.100.2')).toEqual([[429, '1']])
    expect(await guess('ann', 1)).toEqual([denied])
  })

  test('failures are forgotten after ten minutes', async () => {
    await guess('ann', 4)
    await pass(540)
    expect(await guess('ann', 1)).toEqual([[429, '1']])
    await pass(1 + 540)
    expect(await guess('ann', 1)).toEqual([[429, '2']])
    await pass(2 + 601)
    expect(await guess('ann', 5)).toEqual([denied, denied, denied, denied, [429, '1']])
  })

  test.each([
    ['', (name: string) => name],
    [', in whatever case', (name: string, at: number) => name.slice(0, at).toUpperCase() + name.slice(at)],
  ])('concurrent failures are counted one by one%s', async (_, spelt) => {
    const names = Array.from({ length: 12 }, (_, at) => spelt('ann@example.com', at))
    const answers = await Promise.all(names.map((name, index) => signIn(name, `at once ${index}`)))
    const statuses = answers.map(({ status }) => status).sort()
    expect(statuses).toEqual([401, 401, 401, 401, ...Array<number>(8).fill(429)])
    // The first wait is a second, time for another check or two on a slow machine.
    expect(verify.mock.calls.length).toBeLessThan(9)
  })

  test('an address gets 429 from the fiftieth failure on, for any names', async () => {
    for (let name = 0; name < 49; name++) expect(await guess(`n${name}`, 1)).toEqual([denied])
    expect(await guess('n49', 1)).toEqual([[429, '1']])
    await hold()
    expect((await guess('n50', 1))[0]?.[0]).toBe(429)
    expect((await signIn('ann', 'colleagues')).status).toBe(429)
    expect(await guess('n50', 1, '203.0.113.2')).toEqual([denied])
  })

  test('an IPv6 network counts as one address, and IPv4 in IPv6 as IPv4', async () => {
    const addresses = ['2001:db8:0:1::1', '2001:DB8::1:ffff:0:0:2', '2001:db8:0:1:abcd:ef01:2345:6789']
    for (const [at, address] of addresses.entries()) await guess(`name ${at}`, 1, address)
    await guess('next', 1, '2001:db8:0:2::1')
    await guess('mapped', 1, '::ffff:203.0.113.1')
    await guess('four', 1, '203.0.113.1')
    const rows = await database.db.selectFrom('wrong_try').select('tries').orderBy('tries').execute()
    // Six names, and three networks.
    expect(rows.map(({ tries }) => tries)).toEqual([1, 1, 1, 1, 1, 1, 1, 2, 3])
  })

  test('the port that a proxy appends does not change the address', async () => {
    const addresses = ['203.0.113.1:4711', '203.0.113.1:4712', '[2001:db8::1]:4711', '[2001:db8::2]', '2001:db8::3']
    for (const [at, address] of addresses.entries()) await guess(`name ${at}`, 1, address)
    const rows = await database.db.selectFrom('wrong_try').select('tries').orderBy('tries').execute()
    expect(rows.map(({ tries }) => tries)).toEqual([1, 1, 1, 1, 1, 2, 3])
  })

  test('a client that polls with the right password is not locked out by guesses', async () => {
    const app = await appPasswordOf(database.db, 'ann')
    expect((await signIn('ann', 'colleagues')).status).toBe(200)
    for (let round = 0; round < 8; round++) {
      await guess('ann', 4, '198.51.100.1')
      await guess(`someone ${round}`, 8)
      // Longer than a password is remembered that nobody sends again.
      clock += 4 * 60_000
      expect((await signIn('ann', 'colleagues')).status).toBe(200)
      expect((await client.send(path, { as: `ann:${app.secret}` })).status).toBe(200)
      expect((await client.send(path, app.bearer)).status).toBe(200)
    }
    await hold()
    expect(outcome(await signIn('ann', 'colleagues', '198.51.100.9', other))[0]).toBe(429)
    await pass(held + 900)
    expect(outcome(await signIn('ann', 'colleagues', '198.51.100.9', other))[0]).toBe(200)
  })

  test('a repeated wrong password counts once an hour and costs no hash', async () => {
    const tries = async () =>
      (await database.db.selectFrom('wrong_try').select('tries').execute()).map((row) => row.tries)
    for (const name of ['ann', 'nobody']) {
      await database.db.deleteFrom('wrong_try').execute()
      verify.mockClear()
      for (let poll = 0; poll < 20; poll++) {
        expect((await signIn(name, 'an old password')).status).toBe(401)
        clock += 2 * 60_000
      }
      expect(verify).toHaveBeenCalledTimes(1)
      expect(await tries()).toEqual([1, 1])
      clock += hour
      expect((await signIn(name, 'an old password')).status).toBe(401)
      expect(verify).toHaveBeenCalledTimes(2)
      expect(await tries()).toEqual([2, 2])
    }
  })

  test('names and addresses are stored as hashes, and expired counts are deleted', async () => {
    await guess('ann', 1)
    const rows = await database.db.selectFrom('wrong_try').select('key').execute()
    expect(rows.map(({ key }) => key)).toEqual([
      expect.stringMatching(/^[\w+/]{43}=$/),
      expect.stringMatching(/^[\w+/]{43}=$/),
    ])
    await pass(601)
    await guess('bo', 1, '198.51.100.1')
    expect(await database.db.selectFrom('wrong_try').select('key').execute()).toHaveLength(2)
  })
})

describe('a known address (A7)', () => {
  const home = '192.0.2.7'
  const proxied = { 'X-Forwarded-For': home, 'X-Forwarded-Proto': 'https' }
  /** Wrong passwords for ann, each from another address, until the name has to wait for long. */
  const guessElsewhere = async (times = 8) => {
    for (let time = 0; time < times; time++) await guess('ann', 1, `198.51.100.${time + 1}`)
    await hold()
  }
  const addresses = () => database.db.selectFrom('known_address').selectAll().execute()
  const age = (days: number) =>
    sql`update known_address set seen_at = seen_at - ${days}::integer * interval '1 day'`.execute(database.db)

  test('is not locked out by guesses from elsewhere, at any server', async () => {
    expect((await signIn('ann', 'colleagues', home)).status).toBe(200)
    await guessElsewhere()
    expect((await signIn('ann', 'colleagues', '198.51.100.99', other)).status).toBe(429)
    expect((await signIn('ann', 'colleagues', home, other)).status).toBe(200)
    // By any of the account's names.
    expect((await signIn('ANN@example.com', 'colleagues', home, other)).status).toBe(200)
  })

  test('is not locked out of the form or of a password change', async () => {
    expect((await signIn('ann', 'colleagues', home)).status).toBe(200)
    await guessElsewhere()
    const browser = openVisitor(other.send)
    const form = { user: 'ann', password: 'colleagues' }
    expect((await browser.post('/profiles/html/signIn.do', form, { headers: proxied })).status).toBe(303)
    const change = { present: 'colleagues', fresh: 'another password', again: 'another password' }
    const third = await startClient(database.db, { TRUST_PROXY: '127.0.0.1' })
    const elsewhere = openVisitor(third.send, browser.cookie())
    const headers = { ...proxied, accept: 'text/html' }
    const changed = await elsewhere.post('/profiles/html/password.do', change, { headers })
    await third.close()
    expect([changed.status, changed.headers.location]).toEqual([303, '../html/password.do?done=passwordChanged'])
    await setPassword(database.db, ann, await hashPassword('colleagues'))
  })

  test('becomes known by a form sign-in too', async () => {
    const form = { user: 'ann', password: 'colleagues' }
    await openVisitor(client.send).post('/profiles/html/signIn.do', form, { headers: proxied })
    await guessElsewhere()
    expect((await signIn('ann', 'colleagues', home, other)).status).toBe(200)
  })

  test('stays known during a rotation of the token secret', async () => {
    const serverWith = (keys: readonly string[]) =>
      startClient(database.db, { TRUST_PROXY: '127.0.0.1' }, undefined, undefined, undefined, undefined, keys)
    const servers = await Promise.all([['old'], ['old', 'new'], ['new', 'old'], ['new']].map(serverWith))
    await signIn('ann', 'colleagues', home, servers[0])
    await guessElsewhere()
    const statuses = []
    for (const server of servers) statuses.push((await signIn('ann', 'colleagues', home, server)).status)
    await Promise.all(servers.map((server) => server.close()))
    // The one before the last keeps it under the new secret.
    expect(statuses).toEqual([200, 200, 200, 200])
  })

  test('has a count of its own, for any of the account’s names', async () => {
    await signIn('ann', 'colleagues', home)
    expect(await guess('ann', 2, home)).toEqual([denied, denied])
    expect(await guess('ann@example.com', 3, home, other)).toEqual([denied, denied, [429, '1']])
    await hold()
    expect((await signIn('ann', 'colleagues', home, other)).status).toBe(429)
    expect((await guess('ann', 1, home))[0]?.[0]).toBe(429)
    expect(await guess('ann', 4, '198.51.100.1')).toEqual([denied, denied, denied, denied])
    expect((await signIn('ann', 'colleagues', '198.51.100.2', other)).status).toBe(200)
  })

  test('gets 429 from its fiftieth failure on, like any other', async () => {
    await signIn('ann', 'colleagues', home)
    for (let name = 0; name < 50; name++) await guess(`n${name}`, 1, home)
    await hold()
    expect((await signIn('ann', 'colleagues', home, other)).status).toBe(429)
  })

  test('is known for that account only', async () => {
    await signIn('bo', 'colleagues', home)
    await guessElsewhere()
    expect((await signIn('ann', 'colleagues', home, other)).status).toBe(429)
  })

  test('is a whole network with IPv6', async () => {
    await signIn('ann', 'colleagues', '2001:db8:0:1::1')
    await guessElsewhere()
    expect((await signIn('ann', 'colleagues', '2001:db8:0:2::1', other)).status).toBe(429)
    expect((await signIn('ann', 'colleagues', '[2001:db8:0:1:ffff::2]:4711', other)).status).toBe(200)
  })

  test('is not recorded after failures or for a disabled account', async () => {
    await guess('ann', 2, home)
    await signIn('gone', 'colleagues', home)
    expect(await addresses()).toEqual([])
    const [gone] = await database.db.selectFrom('account').select('id').where('user_id', '=', 'gone').execute()
    await signIn('ann', 'colleagues', home)
    await sql`update known_address set account_id = ${gone?.id}`.execute(database.db)
    // With the one above these are five.
    expect(await guess('gone', 3, '198.51.100.1')).toEqual([denied, denied, denied])
    expect(await guess('gone', 1, home)).toEqual([[429, '1']])
  })

  test('is forgotten after 30 days without a sign-in', async () => {
    await signIn('ann', 'colleagues', home)
    await guessElsewhere()
    await age(29)
    expect((await signIn('ann', 'colleagues', home, other)).status).toBe(200)
    await age(30)
    const third = await startClient(database.db, { TRUST_PROXY: '127.0.0.1' })
    expect((await signIn('ann', 'colleagues', home, third)).status).toBe(429)
    await third.close()
  })

  test('is stored as a hash per account, at most twenty', async () => {
    await signIn('bo', 'colleagues', '203.0.113.1')
    const [first] = await addresses()
    for (let at = 1; at <= 25; at++) await signIn('ann', 'colleagues', `203.0.113.${at}`)
    const rows = await addresses()
    expect(rows.filter(({ account_id }) => account_id === ann)).toHaveLength(20)
    expect(new Set(rows.map(({ hash }) => Buffer.from(hash).toString('hex'))).size).toBe(21)
    expect(rows.every(({ hash }) => hash.length === 32)).toBe(true)
    expect(rows).toContainEqual(first)
    await guessElsewhere()
    expect((await signIn('ann', 'colleagues', '203.0.113.1', other)).status).toBe(429)
    expect((await signIn('ann', 'colleagues', '203.0.113.25', other)).status).toBe(200)
  })

  test('is recorded at most a hundred times a day', async () => {
    const comeFrom = async (from: number) => {
      for (let at = from; at < from + 60; at++)
        expect((await signIn('ann', 'colleagues', `198.51.100.${at}`)).status).toBe(200)
    }
    const lastSeen = async () =>
      (await addresses()).map(({ seen_at }) => Number(seen_at)).sort((one, other) => other - one)[0]
    await comeFrom(0)
    const first = await lastSeen()
    await comeFrom(60)
    const second = await lastSeen()
    expect(second).toBeGreaterThan(first as number)
    await comeFrom(120)
    expect(await lastSeen()).toBe(second)
    clock += 25 * hour
    await comeFrom(180)
    expect(await lastSeen()).toBeGreaterThan(second as number)
  })

  test('costs no write when polling, and one a day', async () => {
    const statements: string[] = []
    const listened = database.db.withPlugin({
      transformQuery: ({ node }) => {
        statements.push(JSON.stringify(node))
        return node
      },
      transformResult: ({ result }) => Promise.resolve(result),
    })
    const polled = await startClient(listened, { TRUST_PROXY: '127.0.0.1' }, () => new Date(clock))
    const poll = async () => {
      statements.length = 0
      expect((await signIn('ann', 'colleagues', home, polled)).status).toBe(200)
      return statements.filter((statement) => statement.includes('known_address')).length
    }
    expect(await poll()).toBeGreaterThan(0)
    const [before] = await addresses()
    for (let times = 0; times < 12; times++) {
      clock += 4 * 60_000
      expect(await poll()).toBe(0)
    }
    // Another server finds it written.
    await signIn('ann', 'colleagues', home, other)
    expect(await addresses()).toEqual([before])
    await age(2)
    clock += 24 * hour
    expect(await poll()).toBeGreaterThan(0)
    const [after] = await addresses()
    expect(after?.seen_at.getTime()).toBeGreaterThanOrEqual(before?.seen_at.getTime() as number)
    await polled.close()
  })

  test('does not prevent a sign-in if it cannot be stored', async () => {
    await sql`alter table known_address rename to elsewhere`.execute(database.db)
    // Known addresses are only queried before hashing; a cached password needs no hash.
    const failing = await signIn('ann', 'colleagues', home).finally(() =>
      sql`alter table elsewhere rename to known_address`.execute(database.db),
    )
    expect(failing.status).toBe(500)
    await signIn('ann', 'colleagues', home)
    await database.db.deleteFrom('known_address').execute()
    await sql`alter table known_address rename to elsewhere`.execute(database.db)
    const remembered = await signIn('ann', 'colleagues', '192.0.2.8').finally(() =>
      sql`alter table elsewhere rename to known_address`.execute(database.db),
    )
    expect(remembered.status).toBe(200)
    expect(client.logged().join()).toContain('sign-in address not stored')
  })
})

describe('a verified password', () => {
  test('is cached for five minutes after its last use', async () => {
    for (const minutes of [0, 4, 4, 4]) {
      clock += minutes * 60_000
      expect((await signIn('ann', 'colleagues')).status).toBe(200)
    }
    expect(verify).toHaveBeenCalledTimes(1)
    clock += 5 * 60_000 + 1
    expect((await signIn('ann', 'colleagues')).status).toBe(200)
    expect(verify).toHaveBeenCalledTimes(2)
  })

  test('is cached for all names of its account only', async () => {
    await signIn('ann', 'colleagues')
    expect((await signIn('Ann@Example.com', 'colleagues')).status).toBe(200)
    expect(verify).toHaveBeenCalledTimes(1)
    expect((await signIn('bo', 'colleagues')).status).toBe(200)
    expect(verify).toHaveBeenCalledTimes(2)
    expect((await signIn('nobody', 'colleagues')).status).toBe(401)
  })

  test('is hashed again if its hash has old parameters', async () => {
    await addPerson(database.db, 'old', { password: signInSecret })
    const secret = async () => {
      const rows = await database.db
        .selectFrom('credential')
        .innerJoin('account', 'account.id', 'account_id')
        .select('secret')
        .where('user_id', '=', 'old')
        .execute()
      return rows[0]?.secret
    }
    expect((await signIn('old', 'wrong')).status).toBe(401)
    expect(await secret()).toBe(signInSecret)
    expect((await signIn('old', 'colleagues')).status).toBe(200)
    const renewed = await secret()
    expect(renewed).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
    expect((await signIn('old', 'colleagues')).status).toBe(200)
    expect(verify).toHaveBeenCalledTimes(2)
    expect((await signIn('old', 'colleagues', undefined, other)).status).toBe(200)
    expect(await secret()).toBe(renewed)
    await database.db.deleteFrom('account').where('user_id', '=', 'old').execute()
  })
})
