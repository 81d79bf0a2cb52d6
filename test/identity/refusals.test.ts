import { appPasswordOf } from '../support/app-passwords.js'
import { type Answer, type Client, type Sending, startClient } from '../support/client.js'
import { freshDatabase, type TestDatabase } from '../support/database.js'
import { openModule } from '../support/module.js'
import { addPerson, signInSecret } from '../support/world.js'

let database: TestDatabase
let client: Client
const secrets: string[] = []
const causes: Record<string, Sending> = {
  'an unknown name': { as: 'nobody:colleagues' },
  'a wrong password': { as: 'ann:another password' },
  'a disabled account': { as: 'gone:colleagues' },
  'an account without a password': { as: 'silent:colleagues' },
  'no password': { as: 'ann:' },
  'a password that is too long': { as: `ann:${'x'.repeat(257)}` },
  'a malformed field': { as: 'ann' },
  'another scheme': { headers: { authorization: 'Digest username="ann"' } },
  'an empty field': { headers: { authorization: '' } },
  'a bearer token of no form': { headers: { authorization: 'Bearer x' } },
}

beforeAll(async () => {
  database = await freshDatabase()
  const { db } = database
  for (const name of ['ann', 'gone']) await addPerson(db, name, { password: signInSecret })
  await addPerson(db, 'silent')
  const app = await appPasswordOf(db, 'ann')
  const ended = await appPasswordOf(db, 'ann')
  await db
    .updateTable('credential')
    .set({ expires_at: new Date(0) })
    .where('id', '=', ended.id)
    .execute()
  const ofGone = await appPasswordOf(db, 'gone')
  await db.updateTable('account').set({ state: 'inactive' }).where('user_id', '=', 'gone').execute()
  const mistyped = app.secret.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'))
  Object.assign(causes, {
    'an app password of somebody else': { as: `silent:${app.secret}` },
    'an app password of an unknown name': { as: `nobody:${app.secret}` },
    'an app password that has ended': ended.bearer,
    'an app password of a disabled account': ofGone.bearer,
    'a mistyped app password': { as: `ann:${mistyped}` },
    'a mistyped token': { headers: { authorization: `Bearer ${mistyped}` } },
  })
  secrets.push(app.secret, ended.secret, ofGone.secret, mistyped, 'another password', 'colleagues', signInSecret)
  client = await startClient(db, {}, undefined, undefined, (await openModule(database)).world)
})
afterAll(async () => {
  await client.close()
  await database.close()
})

const routes: [string, string][] = [
  ['GET', '/profiles/atom/connections.do?connectionType=colleague&userid=ann'],
  ['GET', '/atom/connections.do?connectionType=colleague'],
  ['GET', '/profiles/basic/atom/connections.do?connectionType=colleague'],
  ['GET', '/profiles/oauth/atom/connections.do?connectionType=colleague'],
  ['GET', '/profiles/form/atom/connections.do?connectionType=colleague'],
  ['POST', '/profiles/atom/connections.do?connectionType=colleague&userid=ann'],
  ['GET', '/profiles/atom/connection.do?sourceUserid=ann&targetUserid=silent'],
  ['PUT', '/profiles/atom/connection.do?connectionId=0190cafe-0000-7000-8000-000000000001'],
  ['DELETE', '/profiles/atom/connection.do?connectionId=0190cafe-0000-7000-8000-000000000001'],
  ['GET', '/profiles/atom/connectionsInCommon.do?userid=ann,silent'],
  ['PUT', '/profiles/admin/atom/connections.do?action=complete&sourceUserid=ann&targetUserid=silent'],
  ['DELETE', '/profiles/admin/atom/connections.do?userid=ann'],
  ['GET', '/profiles/atom/profile.do?userid=ann'],
  ['GET', '/profiles/atom/profileEntry.do?userid=ann'],
  ['GET', '/profiles/atom/profileService.do?userid=ann'],
  ['GET', '/profiles/atom/profileType.do?type=default'],
  ['GET', '/profiles/atom/search.do?name=ann'],
  ['GET', '/profiles/atom/reportingChain.do?userid=ann'],
  ['GET', '/profiles/atom/peopleManaged.do?userid=ann'],
  ['GET', '/profiles/vcard/profile.do?userid=ann'],
  ['GET', '/profiles/photo.do?userid=ann'],
  ['GET', '/profiles/html/profileView.do?userid=ann'],
  ['GET', '/v2/connections'],
  ['GET', '/v2/connections/0190cafe-0000-7000-8000-000000000001'],
  ['POST', '/v2/accounts/0190cafe-0000-7000-8000-000000000001/connections'],
  ['DELETE', '/v2/connections/0190cafe-0000-7000-8000-000000000001'],
]

const undated = ({ status, headers, text }: Answer) => ({ status, text, headers: { ...headers, date: '' } })
const send = async (method: string, path: string, sending: Sending) => {
  // Other tests cover earlier guesses.
  await database.db.deleteFrom('wrong_try').execute()
  return client.send(path, { method, ...sending })
}

describe.each(routes)('%s %s', (method, path) => {
  test('answers all wrong credentials with the same 401 (A3)', async () => {
    const answers: Record<string, unknown> = {}
    for (const [cause, sending] of Object.entries(causes)) answers[cause] = undated(await send(method, path, sending))
    const first = answers['an unknown name'] as ReturnType<typeof undated>
    expect(first.status).toBe(401)
    expect(first.headers['www-authenticate']).toBe('Basic realm="connections", charset="UTF-8"')
    expect(first.headers['cache-control']).toBe('no-store')
    expect(answers).toEqual(Object.fromEntries(Object.keys(causes).map((cause) => [cause, first])))
  })
})

test.each([
  ['GET', '/profiles/atom/connections.do?connectionType=colleague'],
  ['POST', '/profiles/atom/connections.do?connectionType=colleague&userid=ann'],
  ['GET', '/v2/connections'],
])('%s %s challenges anonymous requests in the same way (A3)', async (method, path) => {
  const [wrong, none] = [await send(method, path, { as: 'nobody:colleagues' }), await send(method, path, {})]
  const fields = ({ headers }: Answer) => ({ ...headers, date: '', 'content-length': '' })
  expect(none.status).toBe(401)
  expect(fields(none)).toEqual(fields(wrong))
})

test.each([
  ['GET', '/profiles/atom/connections.do?connectionType=colleague&userid=silent&status=pending'],
  ['DELETE', '/profiles/admin/atom/connections.do?userid=silent'],
])('%s %s answers a forbidden user with 403 and no challenge (A3)', async (method, path) => {
  const answer = await send(method, path, { as: 'ann:colleagues' })
  expect(answer.status).toBe(403)
  expect(answer.headers).not.toHaveProperty('www-authenticate')
})

test('a refusal is logged once with reason, account and address, without name and secret (L2)', async () => {
  const logged = () => client.logged().map((line) => JSON.parse(line) as Record<string, unknown>)
  const reasons: Record<string, unknown> = {}
  for (const [cause, sending] of Object.entries(causes)) {
    const before = logged().length
    await send('GET', routes[0]?.[1] as string, sending)
    const lines = logged()
      .slice(before)
      .filter(({ msg }) => msg === 'refused')
    expect(lines).toMatchObject([{ status: 401, from: '127.0.0.1', id: expect.any(String) }])
    reasons[cause] = [lines[0]?.['reason'], lines[0]?.['account'] !== undefined]
  }
  expect(reasons).toEqual({
    'an unknown name': ['wrong password, unknown name', false],
    'a wrong password': ['wrong password', true],
    'a disabled account': ['wrong password or inactive account', true],
    'an account without a password': ['wrong password', true],
    'no password': ['wrong password', true],
    'a password that is too long': ['impossible password', false],
    'a malformed field': ['malformed Authorization field', false],
    'another scheme': ['malformed Authorization field', false],
    'an empty field': ['malformed Authorization field', false],
    'a bearer token of no form': ['bearer token that is not an app password', false],
    'an app password of somebody else': ['app password that is unknown, expired or for another user name', false],
    'an app password of an unknown name': ['app password that is unknown, expired or for another user name', false],
    'an app password that has ended': ['app password that is unknown, expired or for another user name', false],
    'an app password of a disabled account': ['app password that is unknown, expired or for another user name', false],
    'a mistyped app password': ['app password with a wrong checksum', false],
    'a mistyped token': ['app password with a wrong checksum', false],
  })
  const everything = client.logged().join('\n')
  for (const secret of [...secrets, 'nobody', 'silent']) expect(everything).not.toContain(secret)
})

test('a forbidden request is logged at both APIs (L2)', async () => {
  const before = client.logged().length
  await send('DELETE', '/profiles/admin/atom/connections.do?userid=silent', { as: 'ann:colleagues' })
  await send('GET', '/v2/connections', {})
  const lines = client
    .logged()
    .slice(before)
    .map((line) => JSON.parse(line) as Record<string, unknown>)
  expect(lines.filter(({ msg }) => msg === 'refused')).toMatchObject([
    { status: 403, reason: 'This requires an account with the role admin.', account: expect.any(String) },
    { status: 401, reason: 'Sign in first: an account is required.' },
  ])
})
