import fc from 'fast-check'
import { changePhoto } from '../../../src/connections/photo.js'
import { setPassword } from '../../../src/identity/credential-store.js'
import { revokeAppPassword } from '../../../src/identity/app-password.js'
import { changeRole } from '../../../src/people/change-store.js'
import type { ImportedPerson } from '../../../src/people/merge.js'
import { importPerson } from '../../../src/transfer/import.js'
import { appPasswordOf } from '../../support/app-passwords.js'
import { type Answer, type Client, type Sending, startClient } from '../../support/client.js'
import { freshDatabase, type TestDatabase } from '../../support/database.js'
import { connectionEntry } from '../../support/entries.js'
import { addPerson, connect, signInSecret } from '../../support/world.js'
import { accept, invite, remove } from '../../support/writes.js'

/** A server with all short cuts answers like one without, on the same database. */

let database: TestDatabase
let fast: Client
let plain: Client
const ids: Record<string, string> = {}
const secrets: Record<string, string> = {}
let readerId: string

const people = ['ann', 'bo', 'cy', 'di', 'ed'] as const
/** After every change, so that `Last-Modified` does not depend on the second of an answer. */
const now = new Date(Date.now() + 86_400_000)

beforeAll(async () => {
  database = await freshDatabase()
  const { db } = database
  for (const name of people) {
    const profile = { managerLogin: name === 'ann' ? 'bo' : 'ann', title: `Title of ${name}`, tags: ['x'] }
    ids[name] = await addPerson(db, name, { password: signInSecret, login: name, profile })
  }
  for (const peer of ['bo', 'cy', 'di']) await connect(db, of('ann'), of(peer), 'accepted', { message: `To ${peer}` })
  await connect(db, of('bo'), of('cy'), 'accepted')
  await connect(db, of('ed'), of('ann'), 'invited', { message: 'From Ed' })
  await addAppPasswords()
  const settings = {
    ...{ TRUST_PROXY: '127.0.0.1', REQUESTS_PER_MINUTE: '1000000', CORS_ORIGINS: 'https://intranet.example' },
    LOG_LEVEL: 'silent',
  }
  fast = await startClient(db, { ...settings, FAST: 'on', KEEP_MB: '64' }, () => now)
  plain = await startClient(db, { ...settings, FAST: 'off' }, () => now)
})
afterAll(async () => {
  await fast.close()
  await plain.close()
  await database.close()
})

const of = (name: string) => ids[name] as string

async function addAppPasswords() {
  const reader = await appPasswordOf(database.db, 'ann')
  readerId = reader.id
  secrets['reader'] = reader.secret
  secrets['writer'] ??= (await appPasswordOf(database.db, 'bo', ['read', 'write'])).secret
}

const basic = (user: string, password: string) => ({
  authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
})
const bearer = (secret: string) => ({ authorization: `Bearer ${secret}` })

const callers: Record<string, () => Record<string, string | string[]>> = {
  anonymous: () => ({}),
  ann: () => basic('ann', 'colleagues'),
  bo: () => basic('bo@example.com', 'colleagues'),
  cy: () => basic('cy', 'colleagues'),
  'ann, read only': () => basic('ann', secrets['reader'] as string),
  'ann, read only, by token': () => bearer(secrets['reader'] as string),
  'bo, by token': () => bearer(secrets['writer'] as string),
  'an app password under another name': () => basic('bo', secrets['reader'] as string),
  'a wrong password': () => basic('ann', 'wrong password'),
  'an unknown name': () => basic('nobody', 'wrong password'),
  'a wrong token': () => bearer('cnx_wrong'),
  'malformed credentials': () => ({ authorization: 'Basic !' }),
  'another scheme': () => ({ authorization: 'Digest x' }),
  'two credentials': () => ({ authorization: [basic('ann', 'colleagues').authorization, 'Bearer x'] }),
}

/** The fields that proxies of several kinds send. */
const networks: readonly Record<string, string>[] = [
  {},
  { 'x-forwarded-for': '192.0.2.1', 'x-forwarded-proto': 'https' },
  { 'x-forwarded-for': '198.51.100.7, 192.0.2.1', 'x-forwarded-proto': 'https, http' },
  { 'x-forwarded-for': '2001:db8::1', 'x-forwarded-proto': 'http' },
  { 'x-forwarded-for': '192.0.2.2' },
]

const value = (name: string, ...values: readonly string[]) =>
  fc.constantFrom('', ...values.map((each) => `&${name}=${each}`))
const person = fc.constantFrom(
  ...['', '', '&userid=ann', '&userid=ann', '&userid=bo', '&userid=ed', '&email=cy%40example.com', '&userid=nobody'],
  ...['&key=:ann', '&key=:bo', '&key=x', '&uid=ann'],
)
const list = fc
  .tuple(
    person,
    value('status', 'accepted', 'pending', 'unconfirmed', 'x'),
    value('ps', '1', '2', '250', 'x'),
    value('page', '1', '2', '9'),
    value('sortBy', 'displayName', 'lastMod'),
    value('sortOrder', 'asc', 'desc'),
    value('outputType', 'profile', 'connection'),
    value('output', 'vcard', 'hcard'),
    value('format', 'lite', 'full'),
    value('inclMessage', 'true', 'false'),
    value('inclPendingCount', 'true'),
    value('since', '2026-01-15T00:00:00Z', '2026-03-01T00:00:00Z', 'x'),
  )
  .map((parts) => `/profiles/atom/connections.do?connectionType=colleague${parts.join('')}`)
const others = fc.constantFrom(
  ...['/atom/connectionsInCommon.do?userid=ann,bo', '/atom/connectionsInCommon.do?userid=bo,cy&outputType=profile'],
  ...['/atom/connection.do?connectionId=:row', '/atom/connection.do?connectionId=:row&inclMessage=true'],
  ...['/atom/profile.do?userid=ann', '/atom/profile.do?userid=bo&format=full', '/atom/profileEntry.do?userid=bo'],
  ...['/atom/search.do?name=a', '/atom/search.do?search=title', '/atom/profileService.do?userid=ann'],
  ...['/atom/reportingChain.do?userid=cy', '/atom/peopleManaged.do?userid=ann', '/atom/profileType.do?type=default'],
  ...['/vcard/profile.do?userid=ann', '/photo.do?userid=ann', '/photo.do?userid=bo', '/photo.do?key=:ann'],
  ...['/html/profileView.do?userid=ann', '/html/profileView.do?userid=bo', '/html/picture.do?userid=ann'],
  ...['/html/style.css', '/html/signIn.do', '/html/password.do', '/live', '/ready', '/'],
  ...['/nowhere', '/atom/connections.do', '/html/revoke.do', '/v2/connections'],
)
/** A condition that is made of the answer without one. */
const condition = fc.constantFrom('none', 'none', 'none', 'tag', 'weak tag', 'gzip tag', 'date', 'any', 'other')
const request = fc.record({
  caller: fc.constantFrom(...Object.keys(callers), 'ann', 'ann', 'bo', 'anonymous'),
  network: fc.constantFrom(...networks, {}, {}),
  path: fc.oneof({ arbitrary: list, weight: 3 }, { arbitrary: others, weight: 2 }),
  goesOn: fc.boolean(),
  method: fc.constantFrom('GET', 'GET', 'GET', 'HEAD', 'OPTIONS'),
  fields: fc.record(
    {
      accept: fc.constantFrom('text/html', '*/*', 'application/atom+xml, text/html;q=0.9'),
      'accept-encoding': fc.constantFrom('gzip', 'br', 'gzip, deflate, br', 'identity', 'gzip;q=0'),
      origin: fc.constantFrom('https://intranet.example', 'https://evil.example'),
    },
    { requiredKeys: [] },
  ),
  condition,
})
type Request = typeof request extends fc.Arbitrary<infer Value> ? Value : never

const name = fc.constantFrom(...people)
const words = fc.constantFrom('Zoë & Co', 'ann', 'Ω <b>', 'B')
let photos = 0
const change = (userId: string, more: Partial<ImportedPerson>) => {
  const moment = new Date()
  return importPerson(database.db, { userId, updated: moment, seen: moment, decides: true, ...more })
}
/** The id of any row of a list; undefined if the list is empty. */
const rowOf = async (owner: string, status: 'accepted' | 'pending' | 'unconfirmed') =>
  (
    await database.db
      .selectFrom('colleague')
      .select('id')
      .where('owner_id', '=', of(owner))
      .where('status', '=', status)
      .orderBy('id')
      .executeTakeFirst()
  )?.id

/** A writer of each kind, through either server. */
const writes: Record<string, (who: string, whom: string, text: string, through: Client) => Promise<unknown>> = {
  invite: (who, whom, text, { send }) => invite(send, who, whom, text),
  accept: async (who, _whom, _text, { send }) => {
    const id = await rowOf(who, 'pending')
    if (id !== undefined) await accept(send, who, id)
  },
  rewrite: async (who, _whom, text, { send }) => {
    const id = (await rowOf(who, 'unconfirmed')) ?? (await rowOf(who, 'accepted'))
    const body = connectionEntry('accepted', text)
    if (id === undefined) return
    await send(`/atom/connection.do?connectionId=${id}`, { method: 'PUT', as: `${who}:colleagues`, body })
  },
  remove: async (who, _whom, _text, { send }) => {
    const id = await rowOf(who, 'accepted')
    if (id !== undefined) await remove(send, who, id)
  },
  rename: (who, _whom, text) => change(who, { name: text }),
  'a new title': (who, _whom, text) => change(who, { profile: { title: text } }),
  'a new manager': (who, whom) => change(who, { profile: { managerLogin: whom } }),
  disable: () => change('cy', { state: 'inactive' }),
  enable: () => change('cy', { state: 'active' }),
  'a new role': (who) => changeRole(database.db, of(who), 'admin', 'add'),
  'one role less': (who) => changeRole(database.db, of(who), 'admin', 'remove'),
  'a new password': (who) => setPassword(database.db, of(who), signInSecret),
  revoke: async () => {
    await revokeAppPassword(database.db, of('ann'), readerId)
    await addAppPasswords()
  },
  'a new photo': async (who) => {
    const bytes = Buffer.from(`\x89PNG\r\n\x1a\n${photos++}`, 'latin1')
    await changePhoto(database.db, of(who), { type: 'image/png', bytes })
  },
  'no photo': (who) => changePhoto(database.db, of(who), null),
}
const write = fc.record({
  kind: fc.constantFrom(...Object.keys(writes)),
  who: name,
  whom: name,
  text: words,
  isFast: fc.boolean(),
})
const steps = fc.array(
  fc.record({ write: fc.option(write), requests: fc.array(request, { minLength: 1, maxLength: 4 }) }),
  {
    minLength: 1,
    maxLength: 4,
  },
)

/** Everything that must be equal. */
const shownOf = ({ status, headers, body }: Answer) => ({
  status,
  fields: { ...headers, date: '' },
  body: body.toString('base64'),
})

/** The request as a client sends it, with the values that only an earlier answer tells. */
async function prepare({ caller, network, path, goesOn, method, fields, condition }: Request) {
  const row = (await rowOf('ann', 'accepted')) ?? of('ann')
  const headers = { ...callers[caller]?.(), ...network, ...fields }
  const first = path.replace(':row', row).replace(/:(ann|bo)/, (_all, who: string) => of(who))
  const { headers: known } = await plain.send(first, { headers })
  const next = /<https:\/\/connections.example([^>]*)>; rel="next"/.exec(String(known['link']))?.[1]
  const tag = String(known['etag'] ?? '"x"')
  const conditions: Record<string, Record<string, string>> = {
    tag: { 'if-none-match': tag },
    'weak tag': { 'if-none-match': `W/${tag}, "y"` },
    'gzip tag': { 'if-none-match': `${tag.slice(0, -1)}-gzip"` },
    date: { 'if-modified-since': String(known['last-modified']) },
    any: { 'if-none-match': '*' },
    other: { 'if-none-match': '"other"' },
  }
  const sending: Sending = { method, headers: { ...headers, ...conditions[condition] } }
  return { path: goesOn && next !== undefined ? next : first, sending }
}

/** The number of a request's answers that are compared: the first two may be rendered, the third is from memory. */
const rounds = [1, 2, 3]

test('a server with all short cuts answers like one without, between any writes', async () => {
  const seen = new Set<number>()
  const check = async (requests: readonly Request[]) => {
    const sent: Awaited<ReturnType<typeof prepare>>[] = []
    for (const each of requests) sent.push(await prepare(each))
    // Wrong credentials would else be blocked at some time.
    await database.db.deleteFrom('wrong_try').execute()
    const expected = []
    for (const { path, sending } of sent) expected.push({ path, sending, ...shownOf(await plain.send(path, sending)) })
    await database.db.deleteFrom('wrong_try').execute()
    for (const round of rounds) {
      const answers = await Promise.all(sent.map(({ path, sending }) => fast.send(path, sending)))
      const found = answers.map((answer, index) => ({ round, ...sent[index], ...shownOf(answer) }))
      expect(found).toEqual(expected.map((each) => ({ round, ...each })))
    }
    for (const { status } of expected) seen.add(status)
  }
  await fc.assert(
    fc.asyncProperty(steps, async (all) => {
      for (const { write, requests } of all) {
        if (write) {
          await writes[write.kind]?.(write.who, write.whom, write.text, write.isFast ? fast : plain)
          // Requests of earlier steps, again: their pages are in memory.
          for (const step of all) await check(step.requests)
        } else await check(requests)
      }
    }),
    { numRuns: 12, endOnFailure: true, includeErrorInReport: true },
  )
  expect([...seen]).toEqual(expect.arrayContaining([200, 304, 400, 401]))
})
