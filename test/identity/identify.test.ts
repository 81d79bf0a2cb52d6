import { once } from 'node:events'
import { createServer, type IncomingMessage, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import argon2 from '@node-rs/argon2'
import express from 'express'
import { sql } from 'kysely'
import { pino } from 'pino'
import { readConfig } from '../../src/config.js'
import { headOf } from '../../src/http/exchange.js'
import { authorization, challenge, identifier } from '../../src/identity/authenticate.js'
import { setPassword } from '../../src/identity/credential-store.js'
import { passwordSignIn } from '../../src/identity/password-sign-in.js'
import { hashPassword } from '../../src/identity/password.js'
import { addAccount, type NewAccount } from '../../src/people/change-store.js'
import { findAccount } from '../../src/people/store.js'
import { listenTo } from '../support/argon2.js'
import { freshDatabase, type TestDatabase } from '../support/database.js'
import { noSession } from '../support/step-app.js'

const verify = listenTo('verify')

/** A server that answers with the caller as JSON: the account, null if anonymous, or the error. */
const open = async (db: TestDatabase['db']) => {
  const config = readConfig({})
  const context = { db, sessionKeys: ['a key'], log: pino({ level: 'silent' }), config, now: () => new Date() }
  const identify = identifier([authorization(context, passwordSignIn(context))])
  const app = express().use(async (incoming, outgoing) => {
    const { client } = headOf(
      incoming,
      { address: incoming.ip ?? '', isSecure: incoming.secure, session: noSession },
      identify,
    )
    const answer = await identify(client).then(
      (identity) => identity && identity.account,
      (error: Error) => ({ ...error, message: error.message }),
    )
    outgoing.json(answer)
  })
  const server = createServer(app).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server
}

const ask = async (to: Server, ...fields: string[]): Promise<unknown> => {
  const { port } = to.address() as AddressInfo
  const headers = ['Host', 'localhost', ...fields.flatMap((field) => ['Authorization', field])]
  const asking = request({ host: '127.0.0.1', port, headers }).end()
  const [answer] = (await once(asking, 'response')) as [IncomingMessage]
  return JSON.parse(await text(answer)) as unknown
}

const basic = (user: string, password: string) => `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`

let database: TestDatabase
let server: Server
const signIn = (user: string, password: string) => ask(server, basic(user, password))

const add = (person: Partial<NewAccount> & { userId: string }, password?: string) =>
  database.db.transaction().execute(async (transaction) => {
    const email = `${person.userId}@example.org`
    const id = await addAccount(transaction, { login: null, email, name: person.userId, ...person })
    if (password !== undefined) await setPassword(transaction, id, await hashPassword(password))
  })

const annsPassword = 'ann: has a secret'

beforeAll(async () => {
  database = await freshDatabase()
  server = await open(database.db)
  await add({ userId: 'ann', login: 'annie', email: 'Ann.Example@example.org' }, annsPassword)
  await add({ userId: 'bob' }, 'bob has a secret')
  await add({ userId: 'gone' }, 'gone has a secret')
  await add({ userId: 'silent' })
  await database.db.updateTable('account').set({ state: 'inactive' }).where('user_id', '=', 'gone').execute()
})
afterAll(async () => {
  server.close()
  await database.close()
})
beforeEach(async () => {
  jest.clearAllMocks()
  await database.db.deleteFrom('wrong_try').execute()
})

const refused = {
  name: 'Failure',
  code: 'unauthenticated',
  message: 'Invalid credentials. Use your user name and password, or an app password that has not expired.',
}

test('a request without credentials is anonymous', async () => {
  expect(await ask(server)).toBeNull()
  expect(verify).not.toHaveBeenCalled()
})

test.each(['ann', 'annie', 'Ann.Example@example.org', 'ANN.example@EXAMPLE.org'])('signs in as %s', async (name) => {
  expect(await signIn(name, annsPassword)).toMatchObject({ userId: 'ann' })
})

test('the caller is the whole account', async () => {
  const ann = await findAccount(database.db, { by: 'userId', value: 'ann' })
  expect(await signIn('ann', annsPassword)).toEqual(JSON.parse(JSON.stringify(ann)))
})

test.each([
  ['an unknown name', basic('nobody', annsPassword)],
  ['a wrong password', basic('ann', 'bob has a secret')],
  ['a password cut at its colon', basic('ann', 'ann')],
  ['a password and more', basic('ann', `${annsPassword}:more`)],
  ['no password', basic('ann', '')],
  ['an inactive account', basic('gone', 'gone has a secret')],
  ['an account without a password', basic('silent', annsPassword)],
  ['a user id in another case', basic('ANN', annsPassword)],
  ['a user id and a blank', basic('ann ', annsPassword)],
])('%s is refused after one hash', async (_, credentials) => {
  expect(await ask(server, credentials)).toEqual(refused)
  expect(verify).toHaveBeenCalledTimes(1)
  const [secret] = verify.mock.calls[0] ?? []
  expect(argon2.parseOptions(secret as string)).toMatchObject({ memoryCost: 19456, timeCost: 2, parallelism: 1 })
})

test.each([
  ['an empty field', ''],
  ['another scheme', 'Bearer abc'],
  ['a longer scheme', `X${basic('ann', annsPassword)}`],
  ['a malformed header', `${basic('ann', annsPassword)}!`],
  ['NUL', basic('ann\0', annsPassword)],
  ['a password that is too long', basic('ann', 'x'.repeat(257))],
])('%s is refused with the same message', async (_, credentials) => {
  expect(await ask(server, credentials)).toEqual(refused)
  expect(verify).not.toHaveBeenCalled()
})

test.each([
  ['twice the same', basic('ann', annsPassword)],
  ['two', basic('bob', 'bob has a secret')],
])('%s are too many credentials', async (_, second) => {
  const answer = await ask(server, basic('ann', annsPassword), second)
  expect(answer).toMatchObject({
    code: 'invalid',
    message: 'The request has more than one Authorization header field.',
  })
})

test.each([
  ['with colons', 'a:b:c:::d', 'a:b:c:::e'],
  ['that are not ASCII', 'Grüße, 世界 🔑', 'Grüße, 世界 🔒'],
  ['of 72 characters', 'x'.repeat(72), `${'x'.repeat(71)}y`],
  ['of 73 characters', 'x'.repeat(73), `${'x'.repeat(72)}y`],
  ['of 256 characters', 'é'.repeat(256), `${'é'.repeat(255)}è`],
])('passwords %s count to the last byte (A4)', async (what, password, almost) => {
  const userId = `p ${what}`
  await add({ userId, email: `${password.length}@example.org` }, password)
  expect(await signIn(userId, password)).toMatchObject({ userId })
  expect(await signIn(userId, almost)).toEqual(refused)
})

test('a name is matched as user id, then login, then e-mail address', async () => {
  const name = 'same@example.org'
  const everybody = ['by id', 'by login', 'by email']
  for (const userId of everybody) await add({ userId, email: `${userId.slice(3)}@example.org` }, `secret of ${userId}`)
  const set = (who: string, values: { user_id: string } | { login: string } | { email: string }) =>
    database.db.updateTable('account').set(values).where('user_id', '=', who).execute()
  await set('by email', { email: 'Same@example.org' })
  await set('by login', { login: name })
  await set('by id', { user_id: name })
  const signedIn = async () => {
    await database.db.deleteFrom('wrong_try').execute()
    const answers = await Promise.all(everybody.map((who) => signIn(name, `secret of ${who}`)))
    return answers.map((answer) => (answer as { name: string }).name)
  }
  expect(await signedIn()).toEqual(['by id', 'Failure', 'Failure'])
  await database.db.deleteFrom('account').where('user_id', '=', name).execute()
  expect(await signedIn()).toEqual(['Failure', 'by login', 'Failure'])
  await database.db.deleteFrom('account').where('login', '=', name).execute()
  expect(await signedIn()).toEqual(['Failure', 'Failure', 'by email'])
})

test('concurrent requests get their own answers', async () => {
  const asked = Array.from({ length: 24 }, (_, index) => index % 3)
  const credentials = [basic('ann', annsPassword), basic('bob', 'bob has a secret'), basic('bob', annsPassword)]
  const answers = await Promise.all(asked.map((who) => ask(server, credentials[who] as string)))
  const expected = [{ userId: 'ann' }, { userId: 'bob' }, refused]
  expect(answers).toMatchObject(asked.map((who) => expected[who]))
})

test('a new password invalidates the old one at once', async () => {
  await add({ userId: 'eve' }, 'the old password')
  const eve = await findAccount(database.db, { by: 'userId', value: 'eve' })
  await setPassword(database.db, eve?.id as string, await hashPassword('the new password'))
  expect(await signIn('eve', 'the old password')).toEqual(refused)
  expect(await signIn('eve', 'the new password')).toMatchObject({ userId: 'eve' })
})

test('a database error is not a refusal', async () => {
  await sql`alter table credential rename to hidden`.execute(database.db)
  const answer = await signIn('ann', annsPassword)
  await sql`alter table hidden rename to credential`.execute(database.db)
  expect(answer).toMatchObject({ message: expect.stringContaining('credential') })
  expect(answer).not.toMatchObject({ name: 'Failure' })
})

test('the challenge asks for UTF-8', () => {
  expect(challenge).toBe('Basic realm="connections", charset="UTF-8"')
})
