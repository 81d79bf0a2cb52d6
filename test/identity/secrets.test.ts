import { randomBytes } from 'node:crypto'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { sql } from 'kysely'
import { passwordCommand } from '../../src/cli/accounts.js'
import { addAppPasswordCommand } from '../../src/cli/app-passwords.js'
import type { Terminal } from '../../src/cli/terminal.js'
import { appIn, createModuleContext } from '../../src/sharing/app.js'
import { keysOf } from '../../src/sharing/grant.js'
import { type Answer, baseUrl, type Client, type Sending, startClient } from '../support/client.js'
import { freshDatabase, type TestDatabase } from '../support/database.js'
import { connectionEntry } from '../support/entries.js'
import { faultOf, made } from '../support/module.js'
import { addPerson } from '../support/world.js'

/** Uses marked secrets in every operation that takes one, then searches all output for them (docs/trust.md, L1). */

let database: TestDatabase
let client: Client
const secrets: Record<string, string> = {
  password: 'marked-password-Qx7',
  'former password': 'marked-former-Qx8',
  'wrong password': 'marked-wrong-Qx9',
  message: 'marked message Qx1',
  'second message': 'marked message Qx2',
}
/** All answers, except the two that show a secret to its owner: cookies and tokens. */
const answers: Answer[] = []
const send = async (path: string, sending: Sending = {}) => {
  const answer = await client.send(path, sending)
  answers.push(answer)
  return answer
}
const form = (fields: Record<string, string>, more: Sending = {}): Sending => ({
  method: 'POST',
  ...more,
  headers: { 'Content-Type': 'application/x-www-form-urlencoded', 'Sec-Fetch-Site': 'same-origin', ...more.headers },
  body: new URLSearchParams(fields).toString(),
})
/** Runs a command. Returns its output. */
async function run(command: (terminal: Terminal) => Promise<void>, input = ''): Promise<string> {
  const terminal = { input: new PassThrough(), output: new PassThrough(), errors: new PassThrough() }
  terminal.input.end(input)
  await command(terminal)
  terminal.output.end()
  return text(terminal.output)
}

const list = '/profiles/atom/connections.do?connectionType=colleague'

beforeAll(async () => {
  database = await freshDatabase()
  const { db } = database
  const [ann, bo, cy] = [await addPerson(db, 'ann'), await addPerson(db, 'bo'), await addPerson(db, 'cy')]
  const tokenSecret = randomBytes(32)
  secrets['secret of tokens'] = tokenSecret.toString('base64')
  const world = await createModuleContext(db, { tokenKeys: keysOf([tokenSecret]), appKey: 'connections', baseUrl })
  client = await startClient(db, {}, undefined, undefined, world)
  const { password, 'former password': former, 'wrong password': wrong, message } = secrets

  // Passwords: set, changed, right, wrong, with an unknown name, by form and by Basic, in the wrong field.
  await run((terminal) => passwordCommand(terminal, db, 'ann'), `${former}\n`)
  await run((terminal) => passwordCommand(terminal, db, 'ann'), `${password}\n`)
  const basic = { as: `ann:${password}` }
  for (const as of [`ann:${password}`, `ann:${former}`, `ann:${wrong}`, `nobody:${wrong}`]) await send(list, { as })
  await send('/profiles/html/signIn.do', form({ user: 'ann', password: wrong as string }))
  // Typed as the name, it comes back in that field and nowhere else.
  await client.send('/profiles/html/signIn.do', form({ user: wrong as string, password: wrong as string }))
  await send(`/profiles/html/signIn.do?password=${password}`, form({ password: password as string }))
  await send(list, { headers: { authorization: `Digest ${password}` } })

  // Sessions: opened, used, changed by somebody, ended.
  const { headers } = await client.send('/profiles/html/signIn.do', form({ user: 'ann', password: password as string }))
  const cookie = headers['set-cookie']?.[0]?.split(';')[0] as string
  const [, session = ''] = decodeURIComponent(cookie).split('=s:')
  secrets['session'] = session.split('.')[0] as string
  secrets['signature of the session'] = session.split('.')[1] as string
  await send(list, { headers: { cookie, accept: 'text/html' } })
  await send(list, { headers: { cookie: `${cookie}x` } })

  // App passwords: made, used in both ways, mistyped.
  const wish = { name: 'Reader', scopes: ['read', 'write'], end: undefined }
  const app = (await run((terminal) => addAppPasswordCommand(terminal, db, 'ann', wish))).trim()
  secrets['app password'] = app
  await send(list, { as: `ann:${app}` })
  await send(list, { headers: { authorization: `Bearer ${app}` } })
  await send(list, { headers: { authorization: `Bearer ${app}x` } })
  await send(`${list}&access_token=${app}`)

  // Messages, well and badly put.
  const post = { ...basic, method: 'POST' }
  await client.send(`${list}&userid=bo`, { ...post, body: connectionEntry('pending', message) })
  await send(`${list}&userid=bo`, { ...post, body: connectionEntry('pending', message) })
  await send(`${list}&userid=bo`, { ...post, body: `<entry>${message}` })
  await send(`${list}&userid=bo&status=pending`, basic)
  await send(`${list}&message=${encodeURIComponent(message as string)}`, post)
  const fields = { key: cy, message: secrets['second message'] as string }
  await send('/profiles/html/invite.do', form(fields, { headers: { cookie } }))

  // Tokens of invitations and links: created, shown to their owners, used, in addresses with and without a token.
  const module = appIn(world)
  const [anns, bos] = [ann, bo].map((accountId) => module.connectionsFor({ accountId }))
  const link = await anns?.linkTo('accounts', ann, 'connected', { usesRemaining: 2 })
  secrets['token of a link'] = link?.token as string
  const [pending] = (await bos?.list({ where: { state: 0 } }))?.data ?? []
  secrets['token of an invitation'] = (await bos?.getToken(pending?._id as string)) as string
  const offered = made((await anns?.create('accounts', ann, { email: 'out@example.net' })) ?? [])
  secrets['token of an invitation by address'] = (await module
    .connectionsFor({ accountId: ann, skipAcl: true })
    .getToken(offered._id)) as string
  for (const token of [secrets['token of a link'], secrets['token of an invitation']] as string[]) {
    await client.send(`/v2/connections/${token}`, basic)
    await send(`/v2/connections/${token}/nowhere`, basic)
    await send(`/v2/connections/${token}`, { ...basic, method: 'PATCH' })
    await send(`/profiles/atom/connection.do?connectionId=${token}`, basic)
    await send(`/${token}`)
  }
  await client.send(`/v2/connections/${secrets['token of an invitation by address']}`, { ...basic, method: 'POST' })
  expect(await faultOf(anns?.apply(secrets['token of a link']) as Promise<unknown>)).not.toBe('none')

  // An unexpected error logs its cause.
  await sql`alter table colleague rename to elsewhere`.execute(db)
  await send(`${list}&userid=cy`, { ...post, body: connectionEntry('pending', secrets['second message']) })
  await send('/profiles/html/invite.do', form(fields, { headers: { cookie } }))
  await sql`alter table elsewhere rename to colleague`.execute(db)
  await sql`alter table credential rename to elsewhere`.execute(db)
  for (const as of [`bo:${wrong}`, `ann:${app}`]) await send(list, { as })
  await sql`alter table elsewhere rename to credential`.execute(db)
  await sql`alter table connection rename to elsewhere`.execute(db)
  await send(`/v2/connections/${secrets['token of a link']}`)
  await sql`alter table elsewhere rename to connection`.execute(db)
  await sql`alter table session rename to elsewhere`.execute(db)
  await send(list, { headers: { cookie } })
  await sql`alter table elsewhere rename to session`.execute(db)

  await send('/profiles/html/signOut.do', form({}, { headers: { cookie } }))
})
afterAll(async () => {
  await client.close()
  await database.close()
})

/** A secret as it may be written: as it is, in hexadecimal as Postgres shows bytes, in Base64. */
const formsOf = (secret: string): string[] => {
  const bytes = Buffer.from(secret)
  return [secret, bytes.toString('hex'), bytes.toString('base64').replace(/=+$/, ''), encodeURIComponent(secret)]
}
/** The secrets in a text. */
const found = (written: string) =>
  Object.entries(secrets).flatMap(([name, secret]) =>
    formsOf(secret).some((each) => written.includes(each)) ? [name] : [],
  )

test('the story has every kind of secret', () => {
  expect(Object.values(secrets).filter((secret) => !(secret.length > 15))).toEqual([])
  expect(answers.map(({ status }) => status)).toEqual(expect.arrayContaining([200, 303, 400, 401, 403, 404, 405, 500]))
})

test('no secret is in a log (L1)', () => {
  expect(client.logged().length).toBeGreaterThan(answers.length)
  expect(found(client.logged().join('\n'))).toEqual([])
})

test('no secret is in a refusal or an error (L1)', () => {
  const refusals = answers.filter(({ status }) => status >= 400)
  const written = refusals.map(({ headers, text }) => `${JSON.stringify(headers)} ${text}`).join('\n')
  expect(found(written)).toEqual([])
})

test('no secret is in the database, except messages in their two rows', async () => {
  const { rows } = await sql<{ name: string }>`
    select table_name as name from information_schema.tables
    where table_schema = current_schema() and table_type = 'BASE TABLE'`.execute(database.db)
  const places: Record<string, string[]> = {}
  for (const { name } of rows) {
    const { rows: all } = await sql<{ text: string }>`select t::text as text from ${sql.table(name)} as t`.execute(
      database.db,
    )
    const names = found(all.map(({ text }) => text).join('\n'))
    if (names.length > 0) places[name] = names
  }
  expect(rows.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['connection_event', 'outbox', 'credential', 'session', 'wrong_try']),
  )
  expect(places).toEqual({ colleague: ['message', 'second message'] })
})
