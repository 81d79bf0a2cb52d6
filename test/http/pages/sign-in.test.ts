import { sql } from 'kysely'
import { makeAppPasswordOnce } from '../../../src/identity/app-password.js'
import { setPassword } from '../../../src/identity/credential-store.js'
import { sweepSessions } from '../../../src/identity/session-store.js'
import { castPassword, loadCast } from '../../../src/transfer/example.js'
import { importPerson } from '../../../src/transfer/import.js'
import { type Client, startClient } from '../../support/client.js'
import { freshDatabase, serverUrl, type TestDatabase } from '../../support/database.js'
import { page } from '../../support/html.js'
import { type Visitor, openVisitor, signIn } from '../../support/visitor.js'
import { addPerson, signInSecret } from '../../support/world.js'

/** Sign-in and sign-out in a browser, and the lifetime of sessions (docs/trust.md, A9). */

const form = '/profiles/html/signIn.do'
const leave = '/profiles/html/signOut.do'
const mine = '/profiles/atom/connections.do?connectionType=colleague&status=pending'
const anns = '/profiles/atom/connections.do?connectionType=colleague&userid=ann'
const home = '../atom/connections.do?connectionType=colleague&status=accepted&sortBy=displayName&ps=30'

let database: TestDatabase
let client: Client
let browser: Visitor
beforeAll(async () => {
  database = await freshDatabase()
  await loadCast(database.db)
  client = await startClient(database.db)
})
afterAll(async () => {
  await client.close()
  await database.close()
})
beforeEach(async () => {
  await database.db.deleteFrom('session').execute()
  browser = openVisitor(client.send)
})

const statusOf = async (of: Visitor, path = mine) => (await of.send(path)).status
const sessions = () => database.db.selectFrom('session').selectAll().execute()
const signedIn = async (user = 'ann') => {
  const other = openVisitor(client.send)
  expect((await signIn(other, user)).status).toBe(303)
  return other
}
const forgets = '__Host-connections=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; Secure; SameSite=Lax'

describe('the form', () => {
  test('can return to any possible page', async () => {
    const next = `../atom/search.do?search=${'a'.repeat(512)}&name=${'b'.repeat(512)}`
    const { status, text } = await client.send(`${form}?next=${encodeURIComponent(next)}`)
    expect(status).toBe(200)
    expect(page(text).attributes('[name=next]', 'value')).toEqual([next])
  })

  test('is not cached', async () => {
    const { status, headers, text } = await client.send(
      `${form}?next=${encodeURIComponent('../atom/search.do?name=a')}`,
    )
    expect(status).toBe(200)
    expect(headers).toMatchObject({
      'content-type': 'text/html;charset=UTF-8',
      'cache-control': 'no-store',
      'referrer-policy': 'same-origin',
      'content-security-policy': expect.stringContaining("form-action 'self'"),
    })
    expect(headers['set-cookie']).toBeUndefined()
    const { attributes } = page(text)
    expect(attributes('main form', 'action')).toEqual(['../html/signIn.do'])
    expect(attributes('main input', 'name')).toEqual(['user', 'password', 'next'])
    expect(attributes('main input', 'value')).toEqual(['../atom/search.do?name=a'])
  })

  test.each([
    'https://evil.example/',
    '//evil.example',
    '/\\evil.example',
    'javascript:alert(1)',
    '../atom/../../../evil.do',
    '../html/a.do\r\nSet-Cookie: a=b',
    '',
  ])('returns to our own pages only, not to %j', async (next) => {
    const asked = await client.send(`${form}?next=${encodeURIComponent(next)}`)
    expect(page(asked.text).attributes('input[name=next]', 'value')).toEqual([home])
    const sent = await browser.post(form, { user: 'ann', password: castPassword, next })
    expect([sent.status, sent.headers.location]).toEqual([303, home])
  })
})

describe('signing in', () => {
  test('sets a cookie, redirects, and authenticates the browser', async () => {
    expect(await statusOf(browser)).toBe(401)
    const next = '../html/profileView.do?userid=bo'
    const answer = await browser.post(form, { user: 'ANN@example.com', password: castPassword, next })
    expect([answer.status, answer.text, answer.headers.location]).toEqual([303, '', next])
    expect(answer.headers['cache-control']).toBe('no-store')
    expect(answer.headers['set-cookie']).toEqual([
      expect.stringMatching(/^__Host-connections=s%3A[\w-]{32}\.[\w%]+; Path=\/; HttpOnly; Secure; SameSite=Lax$/),
    ])
    const own = await browser.send(mine)
    const byBasic = await client.send(mine, { as: `ann:${castPassword}` })
    expect([own.status, own.text, own.headers.etag]).toEqual([200, byBasic.text, byBasic.headers.etag])
    expect(own.headers['set-cookie']).toBeUndefined()
  })

  test('accepts a name in any Unicode composition', async () => {
    await addPerson(database.db, 'zoë'.normalize('NFC'), { email: null, password: signInSecret })
    expect((await signIn(browser, 'zoë'.normalize('NFD'))).status).toBe(303)
  })

  test('without TLS in the base URL sets a cookie that works there', async () => {
    const plain = await startClient(database.db, { BASE_URL: 'http://127.0.0.1:3000' })
    const local = openVisitor(plain.send)
    const { headers } = await signIn(local, 'ann')
    expect(headers['set-cookie']).toEqual([
      expect.stringMatching(/^connections=s%3A[\w-]{32}\.[\w%]+; Path=\/; HttpOnly; SameSite=Lax$/),
    ])
    expect(await statusOf(local)).toBe(200)
    await plain.close()
  })

  test('without TLS in the base URL sets a Secure cookie for a request over TLS', async () => {
    const plain = await startClient(database.db, { BASE_URL: 'http://127.0.0.1:3000', TRUST_PROXY: '127.0.0.1' })
    const far = openVisitor(plain.send)
    const headers = { 'x-forwarded-proto': 'https', 'x-forwarded-for': '198.51.100.7' }
    const answer = await far.post(form, { user: 'ann', password: castPassword }, { headers })
    expect(answer.headers['set-cookie']).toEqual([
      expect.stringMatching(/^connections=s%3A[\w-]{32}\.[\w%]+; Path=\/; HttpOnly; Secure; SameSite=Lax$/),
    ])
    expect((await far.send(mine, { headers })).status).toBe(200)
    await plain.close()
  })

  test('the database has nothing to derive a session id from', async () => {
    const id = /s%3A([\w-]+)\./.exec((await signedIn()).cookie() as string)?.[1] as string
    const rows = await sessions()
    expect(rows).toHaveLength(1)
    expect(JSON.stringify(rows)).not.toContain(id)
    const found = await sql`select from session where id_hash = sha256(convert_to(${id}, 'UTF8'))`.execute(database.db)
    expect(found.rows).toHaveLength(1)
  })

  test('the log has neither the cookie nor the typed values', async () => {
    const cookie = (await signedIn()).cookie() as string
    const log = client.logged().join('\n')
    expect(log).not.toContain(cookie.split('=')[1])
    expect(log).not.toContain(castPassword)
  })

  test('all failures have the same response and set no cookie', async () => {
    await database.db.updateTable('account').set({ state: 'inactive' }).where('user_id', '=', 'max').execute()
    const answers = [
      await signIn(browser, 'nobody'),
      await signIn(browser, 'ann', 'not her password'),
      await signIn(browser, 'max'),
      await signIn(browser, '', ''),
      await signIn(browser, 'ann\0'),
      await signIn(browser, 'ann', 'x'.repeat(300)),
      await browser.post(form, {}),
    ]
    await database.db.updateTable('account').set({ state: 'active' }).where('user_id', '=', 'max').execute()
    const [first] = answers
    // Except for the submitted name and the focus.
    const seen = answers.map(({ status, headers, text }) => ({
      status,
      headers: { ...headers, date: '', 'content-length': '' },
      text: text.replace(/ value(="[^"]*")?/, '').replace(' autofocus', ''),
    }))
    expect(seen).toEqual(seen.map(() => seen[0]))
    expect([first?.status, first?.headers['www-authenticate']]).toEqual([401, 'Form realm="connections"'])
    expect(first?.headers['set-cookie']).toBeUndefined()
    expect(page(first?.text ?? '').texts('[role=alert]')).toEqual(['Wrong user name or password.'])
    expect(await sessions()).toEqual([])
  })

  test('the user name stays as typed, and the password gets the focus', async () => {
    const typed = '"><script>x</script>&amp;é'
    const { text } = await signIn(browser, typed, 'not a password')
    const { attributes, texts } = page(text)
    expect(attributes('input[name=user]', 'value')).toEqual([typed])
    expect(attributes('main input[autofocus]', 'name')).toEqual(['password'])
    expect(text).not.toContain('not a password')
    expect(texts('script')).toEqual([''])
    const empty = page((await browser.post(form, {})).text)
    expect(empty.attributes('main input[autofocus]', 'name')).toEqual(['user'])
  })

  test('asks for a user name or an e-mail address and accepts both, also if addresses are hidden', async () => {
    const discreet = await startClient(database.db, { HIDE_EMAIL: 'true' })
    for (const { send } of [client, discreet]) {
      const { texts } = page((await send(form)).text)
      expect(texts('main label')).toEqual(['User name or e-mail address', 'Password'])
      for (const name of ['ann', 'ann.desk', 'Ann@Example.com']) {
        expect((await signIn(openVisitor(send), name)).status).toBe(303)
      }
      expect((await signIn(openVisitor(send), 'bo@example.com', 'wrong')).status).toBe(401)
    }
    await discreet.close()
  })

  test('a session has a new id, and the one before is over', async () => {
    const before = await signedIn()
    const old = before.cookie()
    expect((await signIn(before, 'bo')).status).toBe(303)
    expect(before.cookie()).not.toBe(old)
    expect(await statusOf(openVisitor(client.send, old))).toBe(401)
    expect(await sessions()).toHaveLength(1)
  })

  test('a planted session id is not accepted', async () => {
    const planted = await signedIn('bo')
    await planted.post(leave, {})
    const cookie = (await signedIn('bo')).cookie() as string
    await database.db.deleteFrom('session').execute()
    const victim = openVisitor(client.send, cookie)
    await signIn(victim, 'ann')
    expect(await statusOf(openVisitor(client.send, cookie))).toBe(401)
    expect(await statusOf(victim)).toBe(200)
  })

  test('if no session can be stored, the user is told so and gets no cookie', async () => {
    await sql`alter table session rename to hidden`.execute(database.db)
    const answer = await signIn(browser, 'ann').finally(() =>
      sql`alter table hidden rename to session`.execute(database.db),
    )
    expect([answer.status, answer.headers['set-cookie']]).toEqual([500, undefined])
    expect((await signIn(browser, 'ann')).status).toBe(303)
  })

  test.each([
    ['JSON', 'application/json', '{}', 415],
    ['another charset', 'application/x-www-form-urlencoded', Buffer.from('user=\xff', 'latin1'), 400],
    ['two users', 'application/x-www-form-urlencoded', 'user=ann&user=bo&password=x', 400],
    ['too much', 'application/x-www-form-urlencoded', `user=${'x'.repeat(70_000)}`, 413],
  ])('%s is not a form', async (_, type, body, status) => {
    const answer = await client.send(form, { method: 'POST', headers: { 'content-type': type }, body })
    expect(answer.status).toBe(status)
  })
})

describe('a session is over', () => {
  const dead = async (of: Visitor) => {
    const open = await of.send(anns)
    expect([open.status, open.headers['set-cookie']]).toEqual([200, [forgets]])
    expect(of.cookie()).toBeUndefined()
    expect(await statusOf(of)).toBe(401)
  }
  const age = (column: 'created_at' | 'expires_at', by: string) =>
    sql`update session set ${sql.ref(column)} = ${sql.ref(column)} - ${by}::interval`.execute(database.db)

  test('after a sign-out, on the server too', async () => {
    browser = await signedIn()
    const cookie = browser.cookie()
    const answer = await browser.post(leave, {})
    expect([answer.status, answer.headers.location]).toEqual([303, '../html/signIn.do?done=signedOut'])
    const { text } = await browser.send(`${form}?done=signedOut`)
    expect(page(text).texts('[role=status]')).toEqual(['You are signed out.'])
    expect([answer.headers['set-cookie'], answer.headers['cache-control']]).toEqual([[forgets], 'no-store'])
    expect(await sessions()).toEqual([])
    await dead(openVisitor(client.send, cookie))
  })

  test('in other browsers after a sign-out everywhere, for this user only', async () => {
    const [first, second, bos] = [await signedIn(), await signedIn(), await signedIn('bo')]
    await first.post(leave, {})
    expect(await statusOf(second)).toBe(200)
    const third = await signedIn()
    await third.post(leave, { everywhere: 'true' })
    await dead(second)
    expect(await statusOf(bos)).toBe(200)
  })

  test('when the account is disabled', async () => {
    browser = await signedIn('lou')
    expect(await statusOf(browser)).toBe(200)
    await database.db.updateTable('account').set({ state: 'inactive' }).where('user_id', '=', 'lou').execute()
    await dead(browser)
    await database.db.updateTable('account').set({ state: 'active' }).where('user_id', '=', 'lou').execute()
  })

  // The embedded database runs one statement at a time.
  if (serverUrl !== undefined) {
    test('before it starts, if the account is disabled at that moment', async () => {
      let isOpened = false
      const opened = await database.db.transaction().execute(async (transaction) => {
        await transaction.updateTable('account').set({ state: 'inactive' }).where('user_id', '=', 'lou').execute()
        const opening = signIn(browser, 'lou').finally(() => (isOpened = true))
        const waits = sql`select from pg_stat_activity where wait_event_type = 'Lock' and query like '%"session"%'`
        while (!isOpened && (await waits.execute(database.db)).rows.length === 0);
        return { opening }
      })
      expect((await opened.opening).status).toBe(303)
      expect(await sessions()).toEqual([])
      await database.db.updateTable('account').set({ state: 'active' }).where('user_id', '=', 'lou').execute()
    })
  }

  test('permanently when the account is disabled, even after it is enabled again', async () => {
    browser = await signedIn('lou')
    const [kept, bos] = [browser.cookie(), await signedIn('bo')]
    for (const state of ['inactive', 'active'] as const) {
      const at = new Date()
      await importPerson(database.db, { userId: 'lou', state, updated: at, seen: at, decides: true })
    }
    await dead(openVisitor(client.send, kept))
    expect(await sessions()).toHaveLength(1)
    expect(await statusOf(bos)).toBe(200)
  })

  test('when the password is changed or removed', async () => {
    browser = await signedIn('kit')
    const { id } = await database.db
      .selectFrom('account')
      .select('id')
      .where('user_id', '=', 'kit')
      .executeTakeFirstOrThrow()
    await setPassword(database.db, id, signInSecret)
    await dead(browser)
    browser = await signedIn('kit')
    const cookie = browser.cookie()
    const [credential] = await database.db
      .deleteFrom('credential')
      .where('account_id', '=', id)
      .returning('id')
      .execute()
    await dead(browser)
    // An app password with the same id does not revive it either.
    const wish = { name: 'Reader', scopes: ['read'], expiresAt: null } as const
    expect(await makeAppPasswordOnce(database.db, id, credential?.id as string, wish)).toBeDefined()
    await dead(openVisitor(client.send, cookie))
  })

  test('12 hours after it was last used', async () => {
    browser = await signedIn()
    await age('expires_at', '11 hours 59 minutes')
    expect(await statusOf(browser)).toBe(200)
    await age('expires_at', '12 hours 1 minute')
    await dead(browser)
  })

  test('14 days after it began', async () => {
    browser = await signedIn()
    await age('created_at', '13 days 23 hours')
    await age('expires_at', '11 hours 30 minutes')
    expect(await statusOf(browser)).toBe(200)
    const [row] = await sessions()
    const left = (row?.expires_at.getTime() ?? 0) - (row?.created_at.getTime() ?? 0)
    expect(left).toBe(14 * 24 * 3_600_000)
    await age('expires_at', '1 hour')
    await dead(browser)
  })

  test('if its cookie was modified, or signed with another key', async () => {
    const cookie = (await signedIn()).cookie() as string
    await dead(openVisitor(client.send, `${cookie.slice(0, -2)}xx`))
    await dead(openVisitor(client.send, cookie.replace('s%3A', '')))
    await dead(openVisitor(client.send, '__Host-connections=junk'))
  })

  test('and is swept', async () => {
    await signedIn()
    await age('expires_at', '13 hours')
    const alive = await signedIn('bo')
    await sweepSessions(database.db)
    expect(await sessions()).toHaveLength(1)
    expect(await statusOf(alive)).toBe(200)
  })
})

test('a person has a hundred sessions, of which those used last stay', async () => {
  const bos = await signedIn('bo')
  const [first, second] = [await signedIn(), await signedIn()]
  await sql`update session set expires_at = expires_at - interval '1 hour'`.execute(database.db)
  expect(await statusOf(first)).toBe(200)
  for (let other = 0; other < 99; other++) await signedIn()
  expect(await sessions()).toHaveLength(101)
  expect([await statusOf(first), await statusOf(second), await statusOf(bos)]).toEqual([200, 401, 200])
})

describe('a session costs', () => {
  test('a write once a minute at most', async () => {
    browser = await signedIn()
    const ends = async () => (await sessions())[0]?.expires_at.getTime() as number
    const first = await ends()
    await browser.send(mine)
    expect(await ends()).toBe(first)
    await sql`update session set expires_at = expires_at - interval '2 minutes'`.execute(database.db)
    await browser.send(mine)
    expect(await ends()).toBeGreaterThanOrEqual(first)
  })

  test('nothing without a session', async () => {
    await sql`alter table session rename to hidden`.execute(database.db)
    const headers = { cookie: 'other=1; not__Host-connections=s%3Ax.y' }
    const answers = [
      await client.send(anns),
      await client.send(anns, { headers }),
      await client.send(mine, { as: `ann:${castPassword}` }),
      await client.send(mine, { as: `ann:${castPassword}`, headers: { cookie: '__Host-connections=s%3Ax.y' } }),
    ]
    await sql`alter table hidden rename to session`.execute(database.db)
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200])
    expect(answers.flatMap(({ headers }) => headers['set-cookie'] ?? [])).toEqual([])
  })
})

test('the Authorization header takes precedence over a cookie, valid or not', async () => {
  browser = await signedIn()
  const bos = await browser.send(mine, { as: `bo:${castPassword}` })
  expect(bos.text).toBe((await client.send(mine, { as: `bo:${castPassword}` })).text)
  expect((await browser.send(mine, { as: 'bo:wrong password' })).status).toBe(401)
  expect(await statusOf(browser)).toBe(200)
})

test('a sign-in returns to the requested page', async () => {
  const going = `${mine}&inclMessage=true`
  const { status, headers } = await browser.send(going, { headers: { accept: 'text/html' } })
  expect(status).toBe(303)
  const asked = await browser.send(new URL(String(headers.location), `http://server${going}`).href.slice(13))
  const next = page(asked.text).attributes('input[name=next]', 'value')[0] as string
  const answer = await browser.post(form, { user: 'ann', password: castPassword, next })
  expect(new URL(String(answer.headers.location), `http://server${form}`).href).toBe(`http://server${going}`)
})

test('simultaneous sign-ins each get their own session', async () => {
  const people = ['ann', 'bo', 'chen', 'dalia', 'eleni', 'greta']
  const browsers = await Promise.all(people.map((name) => signedIn(name)))
  const pages = await Promise.all(browsers.map((each) => each.send('/profiles/atom/profile.do')))
  const ids = pages.map(({ text }) => /<snx:userid>([^<]*)/.exec(text)?.[1])
  expect(ids).toEqual(people)
})

test.each([
  '/profiles/atom/connections.do?connectionType=colleague&userid=ann&ps=3&page=2',
  '/profiles/atom/connectionsInCommon.do?userid=ann,bo',
  `/profiles/atom/search.do?search=${encodeURIComponent('д&next=x')}`,
  '/profiles/html/profileView.do?userid=ann',
  '/profiles/html/picture.do?userid=ann',
])('a sign-in returns to the public page that offered it: %s', async (shown) => {
  const { text } = await browser.send(`${shown}&done=removed`, { headers: { accept: 'text/html' } })
  const [link = ''] = page(text).attributes('nav a', 'href')
  const asked = await browser.send(link.replace('..', '/profiles'))
  const [next = ''] = page(asked.text).attributes('input[name=next]', 'value')
  const answer = await browser.post(form, { user: 'ann', password: castPassword, next })
  const back = new URL(String(answer.headers.location), `http://server${form}`)
  expect([answer.status, back.pathname]).toEqual([303, shown.split('?')[0]])
  expect([...back.searchParams]).toEqual([...new URL(shown, 'http://server').searchParams])
})

test('a page with a very long URL still offers a sign-in', async () => {
  const { text } = await browser.send(`/profiles/atom/search.do?search=${encodeURIComponent('д'.repeat(512))}`, {
    headers: { accept: 'text/html' },
  })
  const [link = ''] = page(text).attributes('nav a', 'href')
  expect((await browser.send(link.replace('..', '/profiles'))).status).toBe(200)
})

test('a refusal does not offer a sign-in to a signed-in user', async () => {
  browser = await signedIn()
  const { status, text } = await browser.send('/profiles/html/profileView.do?userid=nobody', {
    headers: { accept: 'text/html' },
  })
  expect([status, page(text).texts('nav')]).toEqual([404, []])
})
