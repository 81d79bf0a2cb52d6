import fc from 'fast-check'
import { openParameters, writeParameters } from '../../src/http/request/parameters.js'
import { personParameters, readPerson } from '../../src/http/request/people.js'
import { type Client, startClient } from '../support/client.js'
import { freshDatabase, type TestDatabase } from '../support/database.js'
import { connectionEntry } from '../support/entries.js'
import { addPerson, connect, signInSecret } from '../support/world.js'

/** Names of people in requests (docs/wire.md, Naming a person), and unknown parameters. */

let database: TestDatabase
let client: Client
let bo: string
const login = 'bo.desk'
const distinguishedName = 'CN=Bo Berg,OU=Lab,O=Example'

beforeAll(async () => {
  database = await freshDatabase()
  const { db } = database
  client = await startClient(db, { REQUESTS_PER_MINUTE: '1000000' })
  const ann = await addPerson(db, 'ann', { name: 'Ann Lee', password: signInSecret })
  bo = await addPerson(db, 'bo', { name: 'Bo Berg', login, profile: { distinguishedName } })
  await db
    .updateTable('account')
    .set({ roles: ['admin'] })
    .where('id', '=', ann)
    .execute()
  await connect(db, ann, bo, 'accepted')
})
afterAll(async () => {
  await client.close()
  await database.close()
})

type Address = [method: string, path: string]

/** Every address about one person; the parameter follows. */
const aboutOne: Address[] = [
  ...['connections.do?connectionType=colleague', 'profile.do?a=1', 'profileEntry.do?a=1', 'profileService.do?a=1'].map(
    (path): Address => ['GET', `/profiles/atom/${path}`],
  ),
  ...['reportingChain.do?a=1', 'peopleManaged.do?a=1'].map((path): Address => ['GET', `/profiles/atom/${path}`]),
  ['GET', '/profiles/vcard/profile.do?a=1'],
  ['GET', '/profiles/photo.do?a=1'],
  ['GET', '/profiles/html/profileView.do?a=1'],
  ['GET', '/profiles/html/picture.do?a=1'],
]
const writingToOne: Address[] = [
  ['POST', '/profiles/atom/connections.do?connectionType=colleague'],
  ['POST', '/profiles/atom/connection.do?a=1'],
  ['DELETE', '/profiles/admin/atom/connections.do?a=1'],
]
/** Every address about the two ends of a connection, with one end given. */
const ofTwo: Address[] = [
  ['GET', '/profiles/atom/connection.do?sourceUserid=ann'],
  ['HEAD', '/profiles/atom/connections.do?connectionType=colleague&sourceUserid=ann'],
  ['PUT', '/profiles/admin/atom/connections.do?action=complete&sourceUserid=ann'],
]

const body = connectionEntry('accepted', 'Hello')
const send = ([method, path]: Address, name: string, value: string, as?: string) =>
  client.send(`${path}&${writeParameters([[name, value]])}`, {
    method,
    ...(as !== undefined && { as }),
    ...((method === 'POST' || method === 'PUT') && { body }),
  })

/** Without the parts that repeat the request. */
const shown = ({ status, headers, text }: Awaited<ReturnType<typeof send>>) => [
  status,
  headers['content-type'],
  text.replaceAll(/<link href="[^"]*" rel="self"[^>]*>|<title type="text">profile with [^<]*|[^"]*\.do\?[^"]*/g, ''),
]

test('a request without a person gets a list of the parameters for people', async () => {
  const messageOf = async (path: string) => (await client.send(`/profiles/${path}`)).text
  const ways = 'userid, key, email, uid or distinguishedName'
  expect(await messageOf('atom/connections.do?connectionType=colleague')).toContain(`name a person by ${ways}.`)
  expect(await messageOf('atom/profile.do')).toContain(`name a person by ${ways}.`)
  expect(await messageOf('atom/connectionsInCommon.do')).toContain(`in one parameter: ${ways}`)
  expect(await messageOf('atom/connection.do?sourceUserid=ann')).toContain(
    'pass targetUserid, targetKey, targetEmail, targetUid or targetDistinguishedName.',
  )
})

test.each(aboutOne)('a login and a distinguished name name their person: %s %s', async (...address) => {
  const known = shown(await send(address, 'userid', 'bo', 'ann:colleagues'))
  expect(known[0]).toBe(200)
  for (const [name, value] of [
    ['uid', login],
    ['distinguishedName', distinguishedName],
    ['distinguishedName', ` ${distinguishedName.toLowerCase()} `],
  ] as const) {
    expect(shown(await send(address, name, value, 'ann:colleagues'))).toEqual(known)
  }
})

test.each(aboutOne)(
  'an unknown login or distinguished name is answered as an unknown user id: %s %s',
  async (...address) => {
    const unknown = shown(await send(address, 'userid', 'zed', 'ann:colleagues'))
    for (const name of ['uid', 'distinguishedName', 'key', 'email']) {
      for (const value of ['bo', 'zed', 'CN=Zed', 'BO.DESK']) {
        const { text } = await send(address, name, value, 'ann:colleagues')
        expect(text).not.toMatch(/Ann Lee.*<\/entry>|Bo Berg.*<\/entry>/s)
        const answer = shown(await send(address, name, value, 'ann:colleagues'))
        expect([name, value, answer[0]]).toEqual([name, value, unknown[0]])
      }
    }
  },
)

test('a login and a distinguished name name the ends of a connection', async () => {
  for (const address of ofTwo) {
    const known = await send(address, 'targetUserid', 'bo', 'ann:colleagues')
    expect(known.status).toBe(200)
    for (const [name, value] of [
      ['targetUid', login],
      ['targetDistinguishedName', distinguishedName],
    ] as const) {
      const answer = await send(address, name, value, 'ann:colleagues')
      expect([answer.status, answer.headers['x-profiles-connection-status']]).toEqual([
        200,
        known.headers['x-profiles-connection-status'],
      ])
    }
  }
})

test('a login and a distinguished name work for invitations and for removals', async () => {
  const { db } = database
  for (const [name, value] of [
    ['uid', login],
    ['distinguishedName', distinguishedName],
  ] as const) {
    const removed = await send(['DELETE', '/profiles/admin/atom/connections.do?a=1'], name, value, 'ann:colleagues')
    expect(removed.status).toBe(200)
    const invited = await client.send(`/profiles/atom/connections.do?${writeParameters([[name, value]])}`, {
      method: 'POST',
      as: 'ann:colleagues',
      body: connectionEntry('pending', 'Hello'),
    })
    expect(invited.status).toBe(201)
    const rows = await db.selectFrom('colleague').select('status').where('owner_id', '=', bo).execute()
    expect(rows).toEqual([{ status: 'pending' }])
  }
  await db.deleteFrom('colleague').execute()
  await db.deleteFrom('connection').execute()
  await db.updateTable('network').set({ total: 0 }).execute()
})

/** Wrong spellings of the parameters, each with the right one. */
const wrong: [name: string, right: string][] = [
  ...['userId', 'UserID', 'USERID', 'user', 'id', 'guid', 'user_id', 'userids', 'name'].map((n) => [n, 'userid']),
  ...['Key', 'KEY', 'keys', 'idKey', 'uuid', 'profileKey'].map((n) => [n, 'key']),
  ...['Email', 'eMail', 'e-mail', 'emails', 'mail', 'emailAddress', 'mcode'].map((n) => [n, 'email']),
  ...['UID', 'Uid', 'login', 'username', 'userName', 'loginName'].map((n) => [n, 'uid']),
  ...['dn', 'DN', 'distinguishedname', 'distinguished-name'].map((n) => [n, 'distinguishedName']),
] as [string, string][]

test.each([...aboutOne, ...writingToOne])('a wrong spelling of a person is refused: %s %s', async (...address) => {
  const ends = personParameters('source').map(({ parameter }, n) => [
    parameter,
    personParameters(undefined)[n]?.parameter,
  ])
  // This address takes two people.
  const spellings = address[0] === 'DELETE' ? wrong : [...wrong, ...(ends as [string, string][])]
  for (const [name, right] of spellings) {
    for (const value of ['bo', '']) {
      const { status, text } = await send(address, name, value, 'ann:colleagues')
      expect([name, status]).toEqual([name, 400])
      expect(text).toContain(`The parameter ${name} is not accepted here; use ${right} instead.`)
      expect(text).not.toMatch(/Ann Lee|ann@example\.com/)
    }
  }
})

test('a wrong spelling is refused beside a right one, and before authentication', async () => {
  for (const address of aboutOne) {
    const [method, path] = address
    for (const as of [undefined, 'ann:wrong']) {
      const { status, text } = await send([method, `${path}&userid=bo`], 'mail', 'bo@example.com', as)
      expect([path, status, text.includes('use email instead')]).toEqual([path, 400, true])
    }
  }
})

test.each(ofTwo)('a wrong spelling of an end is refused: %s %s', async (...address) => {
  for (const [name, right] of wrong) {
    const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1)
    for (const [end, start] of [
      ['source', 'source'],
      ['target', 'target'],
      ['target', 'Target'],
    ] as const) {
      const spelled = start + capital(name)
      if (spelled === end + capital(right)) continue
      const { status, text } = await send(address, spelled, 'bo', 'ann:colleagues')
      expect([spelled, status]).toEqual([spelled, 400])
      if (address[0] === 'HEAD') continue
      expect(text).toContain(`The parameter ${spelled} is not accepted here; use ${end}${capital(right)} instead.`)
    }
  }
})

test('other unknown parameters are ignored', async () => {
  for (const name of [
    'lastMod',
    'lang',
    'forceRefresh',
    'dojo.preventCache',
    '_',
    'timestamp',
    'colour',
    'source',
    'utm_source',
  ]) {
    const { status, text } = await send(['GET', '/profiles/atom/profile.do?userid=bo'], name, 'x')
    expect([name, status, text.includes('Bo Berg')]).toEqual([name, 200, true])
  }
})

test('each spelling of a known parameter is the parameter itself or refused', () => {
  const known = personParameters(undefined).map(({ parameter }) => parameter)
  const mark = fc.constantFrom('', '-', '_', '.', ' ')
  const spelled = fc.constantFrom(...known).chain((name) =>
    fc.array(fc.tuple(fc.boolean(), mark), { minLength: name.length, maxLength: name.length }).map((changes) => {
      const letters = [...name].map((letter, n) => {
        const [turned, after] = changes[n] as [boolean, string]
        const other = letter === letter.toUpperCase() ? letter.toLowerCase() : letter.toUpperCase()
        return (turned ? other : letter) + after
      })
      return { name, spelled: letters.join('') }
    }),
  )
  fc.assert(
    fc.property(spelled, ({ name, spelled }) => {
      const read = () => readPerson(openParameters(writeParameters([[spelled, 'bo']])))
      if (spelled === name) expect(read()).toMatchObject({ value: 'bo' })
      else expect(read).toThrow(`use ${name} instead.`)
    }),
  )
})
