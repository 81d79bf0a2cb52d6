import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { addAccountCommand, listAccountsCommand, passwordCommand, roleCommand } from '../../src/cli/accounts.js'
import type { Terminal } from '../../src/cli/terminal.js'
import { findSignIn } from '../../src/identity/sign-in-store.js'
import { verifyPassword } from '../../src/identity/password.js'
import { defineRole } from '../../src/people/change-store.js'
import { findAccount } from '../../src/people/store.js'
import { freshDatabase, type TestDatabase } from '../support/database.js'
import { addPerson } from '../support/world.js'

let database: TestDatabase
beforeAll(async () => {
  database = await freshDatabase()
})
afterAll(() => database.close())
beforeEach(() => database.db.deleteFrom('account').execute())

/** Runs a command with this input. Returns its output. */
async function run(command: (terminal: Terminal) => Promise<void>, ...input: (string | Buffer)[]) {
  const terminal = { input: new PassThrough(), output: new PassThrough(), errors: new PassThrough() }
  for (const chunk of input) terminal.input.write(chunk)
  terminal.input.end()
  await command(terminal)
  terminal.output.end()
  return text(terminal.output)
}

const ann = { name: 'Ann Ångström', email: 'ann@example.org', login: 'annie' }
const add =
  (userId = 'ann', person: { name: string; email: string; login?: string } = ann) =>
  (terminal: Terminal) =>
    addAccountCommand(terminal, database.db, userId, person)
const password = (userId: string) => (terminal: Terminal) => passwordCommand(terminal, database.db, userId)
const role = (userId: string, change: 'add' | 'remove', word: string) => (terminal: Terminal) =>
  roleCommand(terminal, database.db, userId, change, word)

const fits = async (name: string, tried: string) =>
  verifyPassword((await findSignIn(database.db, name))?.secret ?? null, tried)
const accounts = async () => {
  const rows = await database.db.selectFrom('account').select('user_id').execute()
  return rows.map((row) => row.user_id)
}

test('account add creates an account that can sign in', async () => {
  expect(await run(add(), 'a long secret\n')).toBe('Added Ann Ångström with the user id ann.\n')
  expect(await findAccount(database.db, { by: 'userId', value: 'ann' })).toMatchObject({ userId: 'ann', ...ann })
  expect(await fits('annie', 'a long secret')).toBe(true)
})

test('the login is optional', async () => {
  await run(add('bob', { name: 'Bob', email: 'bob@example.org' }), 'a long secret\n')
  expect(await findAccount(database.db, { by: 'userId', value: 'bob' })).toMatchObject({ login: null })
})

test.each<[string, (string | Buffer)[], string]>([
  ['without a line end', ['a long secret'], 'a long secret'],
  ['with the line end of Windows', ['a long secret\r\n'], 'a long secret'],
  ['with blanks around, which stay', ['  a long secret  \n'], '  a long secret  '],
  ['and lines after, which are not read', ['a long secret\nanother\n', Buffer.from([0xff])], 'a long secret'],
  ['with a line separator, which is a character', ['a long\u2028secret\n'], 'a long\u2028secret'],
  ['in pieces', [Buffer.from('a long '), Buffer.from([0xc3]), Buffer.from([0xa9, 0x0a])], 'a long é'],
  ['in the other Unicode form', ['cafe\u0301 au lait\n'], 'caf\u00E9 au lait'],
])('reads a password %s', async (_, input, meant) => {
  await run(add(), ...input)
  expect(await fits('ann', meant)).toBe(true)
})

test.each<[string, (string | Buffer)[], string]>([
  ['no', [], 'No password was given. Nothing was changed.'],
  ['an empty', ['\n'], 'No password was given. Nothing was changed.'],
  ['a short', ['seven77\n'], 'The password must have 8 to 256 characters; this one has 7.'],
  ['a long', [`${'x'.repeat(257)}\n`], 'The password must have 8 to 256 characters; this one has 257.'],
  ['a garbled', [Buffer.from('a long caf\xE9\n', 'latin1')], 'The password is not in UTF-8.'],
])('%s password adds and changes nothing', async (_, input, message) => {
  await expect(run(add(), ...input)).rejects.toMatchObject({ code: 'invalid', message })
  expect(await accounts()).toEqual([])
  await run(add(), 'a long secret\n')
  await expect(run(password('ann'), ...input)).rejects.toMatchObject({ code: 'invalid', message })
  expect(await fits('ann', 'a long secret')).toBe(true)
})

test.each<[string, { userId?: string; name?: string; email?: string; login?: string }, string]>([
  ['an empty user id', { userId: '' }, 'The user id is empty.'],
  ['a colon in a user id', { userId: 'a:b' }, 'The user id has a colon, so it could not be used to sign in.'],
  ['a colon in a login', { login: 'a:b' }, 'The login has a colon, so it could not be used to sign in.'],
  ['a blank name', { name: ' ' }, 'The name is empty.'],
  ['an empty login', { login: '' }, 'The login is empty.'],
  ['a long user id', { userId: 'x'.repeat(257) }, 'The user id has more than 256 characters.'],
  ['a long name', { name: '🔑'.repeat(257) }, 'The name has more than 256 characters.'],
  ['a long address', { email: `${'x'.repeat(245)}@example.org` }, 'The e-mail address has more than 256 characters.'],
  [
    'NUL in a user id',
    { userId: 'a\0' },
    'The user id has a character that cannot be shown, such as a control character.',
  ],
  [
    'a line feed in a name',
    { name: 'A\nB' },
    'The name has a character that cannot be shown, such as a control character.',
  ],
  [
    'half a pair in a name',
    { name: 'A\uD83D' },
    'The name has a character that cannot be shown, such as a control character.',
  ],
  [
    'a noncharacter in a login',
    { login: 'a\uFFFE' },
    'The login has a character that cannot be shown, such as a control character.',
  ],
  ...['ann', '@example.org', 'ann@', 'ann@b@c', 'an n@example.org', 'ann@example.org\u00A0'].map(
    (email): [string, { email: string }, string] => [
      `the address ${email}`,
      { email },
      `${email} is not an e-mail address such as ann@example.org.`,
    ],
  ),
])('%s adds nothing', async (_, { userId = 'ann', ...wrong }, message) => {
  await expect(run(add(userId, { ...ann, ...wrong }), 'a long secret\n')).rejects.toMatchObject({
    code: 'invalid',
    message,
  })
  expect(await accounts()).toEqual([])
})

test('names of 256 characters are accepted', async () => {
  const userId = '🔑'.repeat(256)
  await run(add(userId, { name: 'é'.repeat(256), email: `${'x'.repeat(244)}@example.org` }), 'a long secret\n')
  expect(await accounts()).toEqual([userId])
})

test('names are stored in the Unicode form of sign-ins', async () => {
  await run(add('zoe\u0308', { name: 'Zoe\u0308', email: 'zoe\u0308@example.org' }), 'a long secret\n')
  expect(await findSignIn(database.db, 'zo\u00EB')).toMatchObject({
    account: { name: 'Zo\u00EB', email: 'zo\u00EB@example.org' },
  })
  await run(password('zoe\u0308'), 'another secret\n')
  expect(await fits('zo\u00EB@example.org', 'another secret')).toBe(true)
})

test('a taken name is refused and the password stays', async () => {
  await run(add(), 'a long secret\n')
  await expect(run(add('annie', { name: 'B', email: 'b@example.org' }), 'another secret\n')).rejects.toMatchObject({
    code: 'invalid',
    message: 'annie is already the name of another account.',
  })
  expect(await accounts()).toEqual(['ann'])
  expect(await fits('ann', 'a long secret')).toBe(true)
})

test('account password replaces the password', async () => {
  await run(add(), 'a long secret\n')
  expect(await run(password('ann'), 'another secret\n')).toBe('Set the password of Ann Ångström.\n')
  expect(await fits('ann', 'another secret')).toBe(true)
  expect(await fits('ann', 'a long secret')).toBe(false)
})

test('account role adds and removes a role', async () => {
  await run(add(), 'a long secret\n')
  const roles = async () => (await findAccount(database.db, { by: 'userId', value: 'ann' }))?.roles
  expect(await run(role('ann', 'add', 'org-admin'))).toBe(
    'Ann Ångström now has the role org-admin.\n' +
      'The role org-admin is not defined: it has no effect until an application defines it.\n',
  )
  expect(await roles()).toEqual(['org-admin'])
  expect(await run(role('ann', 'remove', 'org-admin'))).toBe('Ann Ångström no longer has the role org-admin.\n')
  expect(await roles()).toEqual([])
})

test('an undefined role is reported until an application defines it', async () => {
  await run(add(), 'a long secret\n')
  await run(add('bob', { name: 'Bob', email: 'bob@example.org' }), 'a long secret\n')
  expect(await run(role('ann', 'add', 'admin'))).toBe('Ann Ångström now has the role admin.\n')
  expect(await run(role('ann', 'add', 'superuser'))).toContain('\nThe role superuser is not defined:')
  // An account with the role does not define it.
  expect(await run(role('bob', 'add', 'superuser'))).toContain('\nThe role superuser is not defined:')
  await defineRole(database.db, 'superuser')
  expect(await run(role('bob', 'add', 'superuser'))).toBe('Bob now has the role superuser.\n')
})

test.each(['', 'Admin', '1st', '-a', 'a b', 'a_b', 'a\n', 'rôle'])('%j is not a role', async (word) => {
  await run(add(), 'a long secret\n')
  await expect(run(role('ann', 'add', word))).rejects.toMatchObject({ code: 'invalid' })
  expect(await findAccount(database.db, { by: 'userId', value: 'ann' })).toMatchObject({ roles: [] })
})

test.each(['bob', 'annie', 'ANN', 'ann\0'])('an unknown user id is refused: %j', async (userId) => {
  await run(add(), 'a long secret\n')
  const unknown = { code: 'notFound', message: `There is no account with the user id ${userId}.` }
  await expect(run(password(userId), 'another secret\n')).rejects.toMatchObject(unknown)
  await expect(run(role(userId, 'add', 'admin'))).rejects.toMatchObject(unknown)
})

/** A terminal that answers each prompt with the next line. */
function keyboard(...lines: string[]) {
  const terminal = {
    input: Object.assign(new PassThrough(), { isTTY: true }),
    output: new PassThrough(),
    errors: new PassThrough(),
  }
  let shown = ''
  terminal.errors.on('data', (chunk: Buffer) => {
    shown += chunk.toString()
    if (chunk.includes(': ')) setImmediate(() => terminal.input.write(`${lines.shift()}\r`))
  })
  return { terminal, shown: () => shown }
}

test('a terminal asks for the password twice without showing it', async () => {
  const { terminal, shown } = keyboard('a long secret', 'a long secret')
  await add()(terminal)
  expect(await fits('ann', 'a long secret')).toBe(true)
  expect(shown()).toMatch(/Password:[^]*Repeat the password:/)
  expect(shown()).not.toMatch(/a long|secret|\*/)
})

test.each([
  ['differ', ['a long secret', 'a long sekret'], 'The passwords do not match. Nothing was changed.'],
  ['are never typed, but Ctrl-C is', ['\u0003'], 'No password was given. Nothing was changed.'],
  ['are empty', ['', ''], 'No password was given. Nothing was changed.'],
])('no account is added if the passwords %s', async (_, lines, message) => {
  await expect(add()(keyboard(...lines).terminal)).rejects.toMatchObject({ code: 'invalid', message })
  expect(await accounts()).toEqual([])
})

test('account list shows people by name with everything unusual', async () => {
  expect(await run((terminal) => listAccountsCommand(terminal, database.db))).toMatch(/^There are no accounts yet\. /)
  await run(add('zoe', { name: 'Zoë', email: 'zoe@example.org' }), 'a long secret\n')
  await run(add(), 'a long secret\n')
  await run(role('zoe', 'add', 'admin'))
  await database.db
    .updateTable('account')
    .set({ state: 'inactive', external: true, verified: false })
    .where('user_id', '=', 'zoe')
    .execute()
  expect(await run((terminal) => listAccountsCommand(terminal, database.db))).toBe(
    'ann: Ann Ångström <ann@example.org>; login annie\n' +
      'zoe: Zoë <zoe@example.org>; disabled; unverified; external; admin\n',
  )
})

test('account list shows more than one page of accounts', async () => {
  for (let number = 1000; number < 1502; number++) await addPerson(database.db, `p${number}`)
  const lines = (await run((terminal) => listAccountsCommand(terminal, database.db))).trimEnd().split('\n')
  expect(lines).toHaveLength(502)
  expect(lines.at(-1)).toBe('p1501: p1501 <p1501@example.com>')
})
