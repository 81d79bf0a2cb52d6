import { createHash, randomBytes } from 'node:crypto'
import { sql } from 'kysely'
import { entityTag } from '../../src/http/response/validators.js'
import { hidingEmails } from '../../src/people/hide-email.js'
import { knownFrom } from '../../src/people/merge.js'
import { findAccount } from '../../src/people/store.js'
import { appIn, createModuleContext } from '../../src/sharing/app.js'
import { keysOf } from '../../src/sharing/grant.js'
import { loadCast } from '../../src/transfer/example.js'
import { type Answer, baseUrl, type Client, type Sending, startClient } from '../support/client.js'
import { freshDatabase, type TestDatabase } from '../support/database.js'
import { connectionEntry } from '../support/entries.js'
import { as } from '../support/served-cast.js'
import { addPerson, connect, signInSecret } from '../support/world.js'

/** A site that hides e-mail addresses, compared with the same site that shows them (docs/trust.md, Z3). */

let database: TestDatabase
let hiding: Client
let open: Client
/** The forms of each address in an answer. */
let addresses: Map<string, string[]>
/** One account sends all requests here. */
const unlimited = { REQUESTS_PER_MINUTE: '1000000' }
const idOf = async (userId: string) =>
  (await database.db.selectFrom('account').select('id').where('user_id', '=', userId).executeTakeFirstOrThrow()).id

beforeAll(async () => {
  database = await freshDatabase()
  const { db } = database
  await loadCast(db)
  await db.updateTable('account').set({ verified: true }).execute()
  await db.updateTable('credential').set({ secret: signInSecret }).execute()
  const [ann, bo] = [await idOf('ann'), await idOf('bo')]
  // Addresses in unusual places: a login, a name, and texts of a profile.
  const profile = {
    description: 'Write to ann@example.com, or to <b>bo&#64;example.com</b>',
    distinguishedName: 'E=odd@example.net,CN=Odd',
    blogUrl: 'mailto:odd%40example.net',
    managerLogin: 'greta@example.com',
    tags: ['lab', 'odd@example.net'],
    extensions: [{ id: 'second', key: '', value: 'odd＠example.net', dataType: '' }],
  }
  const odd = await addPerson(db, 'odd', {
    name: 'odd@example.net',
    email: 'odd@example.net',
    profile,
    password: signInSecret,
  })
  await db.updateTable('account').set({ login: 'odd@example.net' }).where('id', '=', odd).execute()
  await connect(db, ann, odd, 'accepted')

  const tokenKeys = keysOf([randomBytes(32)])
  const world = await createModuleContext(db, { tokenKeys, appKey: 'connections', baseUrl })
  const secret = await createModuleContext(db, { tokenKeys, appKey: 'connections', baseUrl, presenter: hidingEmails })
  await appIn(world)
    .connectionsFor({ accountId: bo })
    .create('accounts', bo, { email: 'outside@example.net', access: 'public' })
  open = await startClient(db, unlimited, undefined, undefined, world)
  hiding = await startClient(db, { HIDE_EMAIL: 'true', ...unlimited }, undefined, undefined, secret)
  const { rows } = await sql<{ address: string }>`
    select email as address from account where email is not null
    union select profile ->> 'groupwareEmail' from account where profile ? 'groupwareEmail'`.execute(db)
  const all = [...rows.map(({ address }) => address), 'outside@example.net']
  addresses = new Map(all.map((address) => [address, formsOf(address)]))
})
afterAll(async () => {
  await hiding.close()
  await open.close()
  await database.close()
})

function formsOf(address: string): string[] {
  const texts = [address, `mailto:${address}`, address.toLowerCase()]
  const hashes = texts.flatMap((text) =>
    ['md5', 'sha1', 'sha256'].flatMap((kind) =>
      (['hex', 'base64', 'base64url'] as const).map((form) => createHash(kind).update(text).digest(form)),
    ),
  )
  const made = knownFrom({ email: address, profile: {}, seen: new Date(0) })
  return [
    ...[address, encodeURIComponent(address), address.replace('@', '＠'), address.replace('@', '&#64;')],
    ...[address.replace('@', '&amp;#64;'), Buffer.from(address).toString('base64url').slice(0, -2)],
    ...[...hashes, made.key, made.userId],
  ].map((form) => form.toLowerCase())
}

/** The addresses in the head and body of an answer, in any form. */
function found({ headers, text }: Answer): string[] {
  const whole = `${JSON.stringify(headers)}\n${text}`
  const positions = [...whole.matchAll(/[?&;]pos=([\w-]+)/g)].map(([, position = '']) => position)
  const told = positions.map((position) => Buffer.from(position, 'base64url').toString())
  const texts = [whole.toLowerCase(), ...told]
  return [...addresses].flatMap(([address, forms]) =>
    forms.some((form) => texts.some((text) => text.includes(form))) ? address : [],
  )
}

const people = ['ann', 'odd']
const forms = ['', '&output=vcard', '&format=full', '&output=vcard&format=full']
const statuses = ['accepted', 'pending', 'unconfirmed']

const starts = [
  ...people.flatMap((name) => [
    ...statuses.flatMap((status) =>
      ['&inclMessage=true', ...forms.map((form) => `&outputType=profile${form}`)].map(
        (form) => `/profiles/atom/connections.do?connectionType=colleague&userid=${name}&status=${status}${form}&ps=3`,
      ),
    ),
    `/profiles/atom/connections.do?connectionType=colleague&userid=${name}&sortBy=displayName&ps=1`,
    ...['profile', 'profileEntry', 'profileService', 'reportingChain', 'peopleManaged'].flatMap((resource) =>
      forms.map((form) => `/profiles/atom/${resource}.do?userid=${name}${form}`),
    ),
    `/profiles/atom/connectionsInCommon.do?userid=ann,${name}`,
    `/profiles/atom/connection.do?connectionType=colleague&sourceUserid=ann&targetUserid=${name}`,
    `/profiles/vcard/profile.do?userid=${name}`,
    `/profiles/photo.do?userid=${name}`,
    `/profiles/html/profileView.do?userid=${name}`,
  ]),
  '/profiles/html/appPasswords.do',
  ...forms.map((form) => `/profiles/atom/search.do?search=*${form}&ps=5`),
  '/profiles/atom/profileType.do',
  '/profiles/atom/profile.do?userid=ann,bo',
  '/v2/connections?expand=context,creator,target.account&include=context.profile&limit=1000',
  '/v2/connections?paths=target.email,target.account.email&expand=target.account',
  `/v2/connections?expand=target.account&map=${encodeURIComponent('"target.account.email"')}`,
  `/v2/connections?map=${encodeURIComponent('"target.email"')}`,
]

/** Follows every link, and gives each answer once. */
async function* crawl(client: Client, sending: Sending): AsyncGenerator<[path: string, answer: Answer]> {
  const seen = new Set<string>()
  const open = [...starts]
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    if (seen.has(path)) continue
    seen.add(path)
    const answer = await client.send(path, sending)
    yield [path, answer]
    for (const [, quoted, line] of answer.text.matchAll(/(?:href|src)="([^"]*)"|URL:(http.*)/g)) {
      const href = (quoted ?? line ?? '').replaceAll('&amp;', '&').replaceAll('&#13;', '')
      const { origin, pathname, search } = new URL(href, `${baseUrl}${path}`)
      if (origin === baseUrl) open.push(`${pathname}${search}`)
    }
  }
}

const own = () => [...addresses.keys()].filter((address) => address !== 'outside@example.net')

test.each([
  ['anonymous', 'text'],
  ['ann', 'text'],
  ['greta', 'text'],
  ['anonymous', 'page'],
  ['ann', 'page'],
  ['odd', 'page'],
])('no answer holds an address or a form of one, for %s, as %s (Z3)', async (name, form) => {
  const headers: Record<string, string> = form === 'page' ? { accept: 'text/html' } : {}
  const sending = name === 'anonymous' ? { headers } : { headers, as: as(name) }
  const wrong: string[] = []
  for await (const [path, answer] of crawl(hiding, sending)) {
    if (answer.status >= 500) wrong.push(`${path}: ${answer.status}`)
    for (const address of found(answer)) wrong.push(`${path}: ${address}`)
  }
  expect(wrong).toEqual([])

  // The same crawl finds them on the open site. This proves that the crawl reaches them.
  const unmet = new Set(own())
  for await (const [, answer] of crawl(open, sending)) {
    for (const address of found(answer)) unmet.delete(address)
    if (unmet.size === 0) break
  }
  expect([...unmet]).toEqual([])
})

test('an invitation does not show the address of its target (Z3)', async () => {
  const path = '/v2/connections?show=creator&state=0'
  expect(found(await open.send(path, { as: as('bo') }))).toEqual(['outside@example.net'])
  const answer = await hiding.send(path, { as: as('bo') })
  expect(found(answer)).toEqual([])
  const [{ _id }] = (JSON.parse(answer.text) as { data: [{ _id: string }] }).data
  expect((await open.send(`/v2/connections/${_id}/target/email`, { as: as('bo') })).status).toBe(200)
  expect((await hiding.send(`/v2/connections/${_id}/target/email`, { as: as('bo') })).status).toBe(404)
})

test.each([
  { 'target.email': 'outside@example.net' },
  { 'target.email': 'nobody@example.net' },
  { $nor: [{ state: 1 }, { 'target.email': { $regex: '^o' } }] },
])('a query by a part of an address is refused: %j (Z3)', async (where) => {
  const path = `/v2/connections?show=creator&where=${encodeURIComponent(JSON.stringify(where))}`
  expect((await open.send(path, { as: as('bo') })).status).toBe(200)
  const { status, text } = await hiding.send(path, { as: as('bo') })
  expect([status, JSON.parse(text)]).toMatchObject([
    400,
    { errCode: 'cortex.invalidArgument.query', path: 'target.email', reason: expect.stringContaining('hides') },
  ])
})

const sentence = 'This site hides e-mail addresses; identify people by userid or key.'
const named = ['ann@example.com', 'ANN@EXAMPLE.COM', 'nobody@example.com', 'no address', '']
const byAddress: [method: string, path: string][] = [
  ...['connections.do?connectionType=colleague&', 'profile.do?', 'profileEntry.do?', 'profileService.do?'].map(
    (path): [string, string] => ['GET', `/profiles/atom/${path}email=`],
  ),
  ...['search.do?', 'search.do?userid=ann&', 'reportingChain.do?', 'peopleManaged.do?userid=ann&'].map(
    (path): [string, string] => ['GET', `/profiles/atom/${path}email=`],
  ),
  ['GET', '/profiles/atom/connectionsInCommon.do?email=bo@example.com,'],
  ['GET', '/profiles/atom/connection.do?connectionType=colleague&targetUserid=bo&sourceEmail='],
  ['HEAD', '/profiles/atom/connections.do?connectionType=colleague&sourceUserid=bo&targetEmail='],
  ['GET', '/profiles/vcard/profile.do?email='],
  ['GET', '/profiles/photo.do?email='],
  ['GET', '/profiles/html/profileView.do?email='],
  ['POST', '/profiles/atom/connections.do?connectionType=colleague&email='],
  ['POST', '/profiles/atom/connection.do?email='],
  ['PUT', '/profiles/admin/atom/connections.do?action=complete&sourceUserid=bo&targetEmail='],
  ['DELETE', '/profiles/admin/atom/connections.do?email='],
]

test.each(byAddress)('known and unknown addresses are refused alike: %s %s (Z3)', async (method, path) => {
  for (const sending of [{}, { as: as('greta') }]) {
    const answers = await Promise.all(
      named.map((address) =>
        hiding.send(path + encodeURIComponent(address), {
          ...sending,
          method,
          ...(method !== 'GET' && method !== 'HEAD' && { body: connectionEntry('pending') }),
        }),
      ),
    )
    const seen = answers.map(({ status, headers, text }) =>
      JSON.stringify([status, { ...headers, date: undefined }, text]),
    )
    expect(new Set(seen).size).toBe(1)
    expect(answers[0]?.status).toBe(400)
    if (method !== 'HEAD') expect(answers[0]?.text).toContain(sentence)
  }
})

const spellings = ['uid', 'distinguishedName', 'UID', 'dn', 'mail', 'emailAddress', 'EMAIL', 'mcode', 'login']

test.each(spellings)('the parameter %s refuses known and unknown addresses alike (Z3)', async (name) => {
  // odd has this login, and a distinguished name with it.
  const values = [
    'odd@example.net',
    'E=odd@example.net,CN=Odd',
    'E=ODD@EXAMPLE.NET,CN=Odd',
    'odd%40example.net',
    'x@y.example',
  ]
  const end = name.charAt(0).toUpperCase() + name.slice(1)
  const paths = [
    ...['profile.do', 'profileEntry.do', 'profileService.do', 'reportingChain.do', 'peopleManaged.do'].map(
      (resource) => `/profiles/atom/${resource}?${name}=`,
    ),
    `/profiles/atom/connections.do?connectionType=colleague&${name}=`,
    `/profiles/atom/connection.do?connectionType=colleague&sourceUserid=ann&target${end}=`,
    `/profiles/photo.do?${name}=`,
    `/profiles/vcard/profile.do?${name}=`,
    `/profiles/html/profileView.do?${name}=`,
  ]
  for (const path of paths) {
    const answers = await Promise.all(values.map((value) => hiding.send(path + encodeURIComponent(value))))
    const seen = answers.map(({ status, headers, text }) => JSON.stringify([status, { ...headers, date: '' }, text]))
    expect(new Set(seen).size).toBe(1)
    expect([path, answers[0]?.status, answers[0]?.text.includes(sentence)]).toEqual([path, 400, true])
  }
})

test('a login and a distinguished name without an address name their person (Z3)', async () => {
  const names = async (query: string) => (await hiding.send(`/profiles/atom/profile.do?${query}`)).text
  expect(await names('uid=ann.desk')).toContain('<snx:userid>ann</snx:userid>')
  expect(await names('uid=odd')).not.toContain('<entry>')
})

test.each(['search', 'name'])('the search parameter %s refuses an address (Z3)', async (parameter) => {
  for (const text of ['ann@example.com', 'odd@example.net', 'no@one', 'odd＠example.net']) {
    const answer = await hiding.send(`/profiles/atom/search.do?${parameter}=${encodeURIComponent(text)}`)
    expect([answer.status, answer.text.includes(sentence)]).toEqual([400, true])
  }
  expect((await hiding.send(`/profiles/atom/search.do?${parameter}=ann`)).status).toBe(200)
})

test('the module refuses known and unknown addresses alike over HTTP (Z3)', async () => {
  const ann = await idOf('ann')
  const answers = await Promise.all(
    ['bo@example.com', 'nobody@example.com'].map((email) =>
      hiding.send(`/v2/accounts/${ann}/connections`, {
        as: as('ann'),
        method: 'POST',
        body: JSON.stringify({ targets: [{ email }] }),
      }),
    ),
  )
  expect(new Set(answers.map(({ text }) => text)).size).toBe(1)
  expect(answers.map(({ status }) => status)).toEqual([400, 400])
  expect(JSON.parse(answers[0]?.text as string)).toMatchObject({
    errCode: 'cortex.invalidArgument.connectionTarget',
    path: 'email',
    reason: 'This site hides e-mail addresses; identify people by _id.',
  })
})

test('a name that is an address is shown up to the @ (Z3)', async () => {
  const { text } = await hiding.send('/profiles/atom/profileEntry.do?userid=odd&format=full')
  expect(text).toContain('<title type="text">odd</title>')
  expect(text).toContain('Write to , or to &lt;b&gt;;example.com&lt;/b&gt;')
  expect(text).toContain('<category term="lab"></category>')
  expect(text).not.toContain('<category term=""')
})

test.each(['', 'text/html'])(
  'with Accept "%s", a search does not match the domain of an address in a name (Z3)',
  async (accept) => {
    const found = async (client: Client, words: string) => {
      const { text } = await client.send(`/profiles/atom/search.do?name=${encodeURIComponent(words)}`, {
        headers: { accept },
      })
      return text.includes(await idOf('odd'))
    }
    for (const words of ['odd', 'o', 'ODD*']) expect([words, await found(hiding, words)]).toEqual([words, true])
    for (const words of ['odd example', 'odd e', 'example', 'odd.example.net', 'net']) {
      expect([words, await found(open, words), await found(hiding, words)]).toEqual([words, true, false])
    }
  },
)

test('no ETag confirms a guessed address (Z3)', async () => {
  const account = await findAccount(database.db, { by: 'userId', value: 'ann' })
  const guess = (release: string) => entityTag([release, 'vcard', baseUrl, account])
  const { headers } = await hiding.send('/profiles/vcard/profile.do?userid=ann')
  expect(headers.etag).toMatch(/^"[\w-]{22}"$/)
  expect(['test-discreet', 'test', 'entity tags test true'].map(guess)).not.toContain(headers.etag)
})

test('a user still signs in by e-mail address', async () => {
  const path = '/profiles/atom/connections.do?connectionType=colleague&status=pending'
  expect((await hiding.send(path, { as: 'ann@example.com:colleagues' })).status).toBe(200)
})

test.each([
  '/profiles/atom/connections.do?connectionType=colleague&userid=ann',
  '/profiles/atom/connection.do?connectionType=colleague&sourceUserid=ann&targetUserid=bo',
  '/profiles/atom/profileEntry.do?userid=ann',
  '/profiles/atom/search.do?search=*',
  '/profiles/vcard/profile.do?userid=ann',
  '/profiles/html/profileView.do?userid=ann',
])('an ETag from before the switch does not match after it: %s', async (path) => {
  const { headers } = await open.send(path)
  const known = { headers: { 'if-none-match': String(headers.etag) } }
  expect((await open.send(path, known)).status).toBe(304)
  const answer = await hiding.send(path, known)
  expect(answer.status).toBe(200)
  expect(answer.headers.etag).not.toBe(headers.etag)
})

test('the sign-in form accepts a next page of any length', async () => {
  const next = encodeURIComponent(`../atom/search.do?search=${'a'.repeat(512)}&name=${'b'.repeat(512)}`)
  expect((await hiding.send(`/profiles/html/signIn.do?next=${next}`)).status).toBe(200)
})
