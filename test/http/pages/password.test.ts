import { appPasswordOf } from '../../support/app-passwords.js'
import { type Client, startClient } from '../../support/client.js'
import { freshDatabase, type TestDatabase } from '../../support/database.js'
import { page } from '../../support/html.js'
import { openVisitor, signIn, type Visitor } from '../../support/visitor.js'
import { addPerson, signInSecret } from '../../support/world.js'

/** Users change their own password (docs/trust.md, A4; A7; A8; A9; L2). */

const address = '/profiles/html/password.do'
const mine = '/profiles/atom/connections.do?connectionType=colleague&status=pending'
const old = 'colleagues'
const fresh = 'quite ✓ another: one'

let database: TestDatabase
let client: Client
let browser: Visitor
beforeAll(async () => {
  database = await freshDatabase()
  client = await startClient(database.db)
})
afterAll(async () => {
  await client.close()
  await database.close()
})
beforeEach(async () => {
  await database.db.deleteFrom('wrong_try').execute()
  await database.db.deleteFrom('session').execute()
  await database.db.deleteFrom('credential').execute()
  await database.db.deleteFrom('account').execute()
  await addPerson(database.db, 'bo', { password: signInSecret })
  await addPerson(database.db, 'ann', { name: 'Ann', password: signInSecret })
  browser = await signedIn('ann')
})

const signedIn = async (user: string, password = old) => {
  const visitor = openVisitor(client.send)
  expect((await signIn(visitor, user, password)).status).toBe(303)
  return visitor
}
const statusOf = async (of: Visitor) => (await of.send(mine)).status
const change = (of: Visitor, fields: Record<string, string> = {}, headers = {}) =>
  of.post(address, { present: old, fresh, again: fresh, ...fields }, { headers: { accept: 'text/html', ...headers } })
const secretOf = async () => {
  const { secret } = await database.db
    .selectFrom('credential')
    .innerJoin('account', 'account.id', 'credential.account_id')
    .select('credential.secret')
    .where('account.user_id', '=', 'ann')
    .where('credential.kind', '=', 'password')
    .executeTakeFirstOrThrow()
  return secret
}

test('the page has the form, and is not cached', async () => {
  const { status, headers, text } = await browser.send(address)
  expect([status, headers['cache-control']]).toEqual([200, 'no-store'])
  const { attributes, texts } = page(text)
  expect(texts('h1')).toEqual(['Change password'])
  expect(attributes('.sheet input', 'autocomplete')).toEqual([
    'username',
    'current-password',
    'new-password',
    'new-password',
  ])
  expect(attributes('.sheet input', 'value')).toEqual(['ann'])
  expect(texts('#rule')).toEqual(['8 to 256 characters. Several words make a good password.'])
  for (const path of ['/profiles/html/appPasswords.do', '/profiles/html/profileView.do?userid=ann']) {
    expect(page((await browser.send(path)).text).attributes('main a', 'href')).toContain('../html/password.do')
  }
})

describe('after a change', () => {
  test('the new password signs in, and the old one does not', async () => {
    const answer = await change(browser)
    expect([answer.status, answer.headers.location, answer.headers['cache-control']]).toEqual([
      303,
      '../html/password.do?done=passwordChanged',
      'no-store',
    ])
    await signedIn('ann', fresh)
    expect((await signIn(openVisitor(client.send), 'ann', old)).status).toBe(401)
    expect((await client.send(mine, { as: `ann:${fresh}` })).status).toBe(200)
    expect((await client.send(mine, { as: `ann:${old}` })).status).toBe(401)
  })

  test('this browser continues with a new session, and all other sessions of the user end', async () => {
    const [before, other, bos] = [browser.cookie(), await signedIn('ann'), await signedIn('bo')]
    const { headers } = await change(browser)
    expect(headers['set-cookie']).toEqual([
      expect.stringMatching(/^__Host-connections=s%3A[\w-]{32}\.[\w%]+; Path=\/; HttpOnly; Secure; SameSite=Lax$/),
    ])
    expect(browser.cookie()).not.toBe(before)
    expect(await statusOf(openVisitor(client.send, before))).toBe(401)
    expect([await statusOf(browser), await statusOf(other), await statusOf(bos)]).toEqual([200, 401, 200])
    expect(await database.db.selectFrom('session').select('id_hash').execute()).toHaveLength(2)
    const { text } = await browser.send(`${address}?done=passwordChanged`)
    expect(page(text).texts('[role=status]')).toEqual([
      'Your password was changed. All other browsers were signed out.',
    ])
  })

  test('app passwords keep working', async () => {
    const { bearer } = await appPasswordOf(database.db, 'ann')
    await change(browser)
    expect((await client.send(mine, bearer)).status).toBe(200)
  })

  test('the log has the account and the address, but no passwords', async () => {
    const start = client.logged().length
    await change(browser, { present: 'not colleagues' })
    await change(browser)
    const lines = client.logged().slice(start)
    const said = lines.map((line) => JSON.parse(line) as Record<string, unknown>)
    const { id: account } = await database.db
      .selectFrom('account')
      .select('id')
      .where('user_id', '=', 'ann')
      .executeTakeFirstOrThrow()
    expect(said.filter(({ msg }) => msg === 'refused')).toMatchObject([
      { status: 401, reason: 'wrong password', account },
    ])
    expect(said.filter(({ msg }) => msg === 'password changed')).toMatchObject([
      { id: said.filter(({ msg }) => msg === 'request').at(-1)?.['id'], account, from: expect.any(String) },
    ])
    for (const secret of ['colleagues', fresh]) expect(lines.join('\n')).not.toContain(secret)
  })
})

describe('the password does not change', () => {
  let secret: string | undefined
  beforeEach(async () => {
    secret = await secretOf()
  })
  const stays = async () => {
    expect(await secretOf()).toBe(secret)
    expect(await statusOf(browser)).toBe(200)
  }

  test.each([
    ['another present one', { present: 'not colleagues' }, 401, 'Your current password is incorrect.'],
    ['no present one', { present: '' }, 401, 'Your current password is incorrect.'],
    ['two that differ', { again: `${fresh} ` }, 400, 'The new passwords do not match.'],
    [
      '7 characters',
      { fresh: '🦊'.repeat(7), again: '🦊'.repeat(7) },
      400,
      'The password must have 8 to 256 characters; this one has 7.',
    ],
    [
      '257 characters',
      { fresh: '🦊'.repeat(257), again: '🦊'.repeat(257) },
      400,
      'The password must have 8 to 256 characters; this one has 257.',
    ],
    [
      'a control character',
      { fresh: 'colleagues\u0007', again: 'colleagues\u0007' },
      400,
      'The password has a character that cannot be sent, such as a control character.',
    ],
  ])('with %s', async (_, fields: Record<string, string>, status, sentence) => {
    const answer = await change(browser, fields)
    expect([answer.status, page(answer.text).texts('[role=alert]')]).toEqual([status, [sentence]])
    expect(answer.headers['www-authenticate']).toBe(status === 401 ? 'Form realm="connections"' : undefined)
    expect(page(answer.text).attributes('.sheet [type=password]', 'value')).toEqual([])
    await stays()
  })

  test('for an anonymous user, who is sent to the sign-in', async () => {
    const nobody = openVisitor(client.send)
    const asked = await nobody.send(address, { headers: { accept: 'text/html' } })
    expect([asked.status, asked.headers.location]).toEqual([303, '../html/signIn.do?next=..%2Fhtml%2Fpassword.do'])
    expect((await change(nobody)).headers.location).toBe('../html/signIn.do')
    await stays()
  })

  test('for a request with Basic or an app password, with or without a session', async () => {
    const { bearer, secret: app } = await appPasswordOf(database.db, 'ann', ['read', 'write'])
    const basic = (password: string) => `Basic ${Buffer.from(`ann:${password}`).toString('base64')}`
    for (const authorization of [basic(old), basic(app), bearer.headers.authorization]) {
      for (const visitor of [browser, openVisitor(client.send)]) {
        expect((await visitor.send(address, { headers: { authorization } })).status).toBe(403)
        expect((await change(visitor, {}, { authorization })).status).toBe(403)
      }
    }
    await stays()
  })

  test('for a form of another site', async () => {
    expect((await change(browser, {}, { 'sec-fetch-site': 'cross-site' })).status).toBe(403)
    expect((await change(browser, {}, { 'sec-fetch-site': 'same-site' })).status).toBe(403)
    await stays()
  })

  test('failed attempts here and at the sign-in count together (A7)', async () => {
    for (const present of ['one', 'two']) expect((await change(browser, { present })).status).toBe(401)
    const other = openVisitor(client.send)
    for (const guess of ['three', 'four']) expect((await signIn(other, 'ann', guess)).status).toBe(401)
    const refused = await change(browser, { present: 'five' })
    expect([refused.status, refused.headers['retry-after']]).toEqual([429, '1'])
    await stays()
  })
})

test('passwords of 8 and of 256 characters are accepted', async () => {
  for (const [present, next] of [
    [old, '🦊'.repeat(8)],
    ['🦊'.repeat(8), 'x'.repeat(256)],
  ] as const) {
    expect((await change(browser, { present, fresh: next, again: next })).status).toBe(303)
  }
})

test('of two simultaneous changes one succeeds, and the other is refused', async () => {
  const [one, two] = [await signedIn('ann'), await signedIn('ann')]
  const answers = await Promise.all([
    change(one, { fresh: 'the first of two', again: 'the first of two' }),
    change(two, { fresh: 'the second of two', again: 'the second of two' }),
  ])
  const changed = answers.map(({ headers }) => headers.location === '../html/password.do?done=passwordChanged')
  expect(changed.filter(Boolean)).toHaveLength(1)
  await signedIn('ann', changed[0] ? 'the first of two' : 'the second of two')
  expect([await statusOf(one), await statusOf(two)]).toEqual(changed[0] ? [200, 401] : [401, 200])
})
