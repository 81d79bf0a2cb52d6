import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { passwordCommand } from '../../src/cli/accounts.js'
import {
  addAppPasswordCommand,
  listAppPasswordsCommand,
  revokeAppPasswordCommand,
} from '../../src/cli/app-passwords.js'
import type { Terminal } from '../../src/cli/terminal.js'
import { listAppPasswords } from '../../src/identity/app-password.js'
import { freshDatabase, type TestDatabase } from '../support/database.js'
import { addPerson } from '../support/world.js'

let database: TestDatabase
let ann: string
beforeAll(async () => {
  database = await freshDatabase()
  ann = await addPerson(database.db, 'ann', { name: 'Ann' })
  await addPerson(database.db, 'bo')
})
afterAll(() => database.close())
beforeEach(() => database.db.deleteFrom('credential').execute())

/** Runs a command. Returns its output and its messages on standard error. */
async function run(command: (terminal: Terminal) => Promise<void>) {
  const terminal = { input: new PassThrough(), output: new PassThrough(), errors: new PassThrough() }
  await command(terminal)
  terminal.output.end()
  terminal.errors.end()
  return { output: await text(terminal.output), errors: await text(terminal.errors) }
}

const wish = { name: 'Reader', scopes: ['read'], end: undefined as string | undefined }
const add = (userId = 'ann', more: Partial<typeof wish> = {}) =>
  run((terminal) => addAppPasswordCommand(terminal, database.db, userId, { ...wish, ...more }))
const list = (userId = 'ann') => run((terminal) => listAppPasswordsCommand(terminal, database.db, userId))
const revoke = (userId: string, id: string) =>
  run((terminal) => revokeAppPasswordCommand(terminal, database.db, userId, id))

const uuid = /[\da-f]{8}-[\da-f]{4}-7[\da-f]{3}-[\da-f]{4}-[\da-f]{12}/
const moment = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g
const described = (printed: string) => printed.replace(uuid, 'ID').replaceAll(moment, 'THEN')

test('app-password add writes only the secret to the output', async () => {
  const { output, errors } = await add()
  expect(output).toMatch(/^cnx_[0-9A-Za-z]{38}\n$/)
  expect(described(errors)).toBe(
    'The app password above is shown only once. Ann now has the app password ID: Reader; read; ' +
      'created THEN, never expires, never used.\n',
  )
})

test('an app password is valid to the end of its last day in UTC', async () => {
  const { errors } = await add('ann', { scopes: ['write', 'read'], end: '2096-02-29' })
  expect(errors).toContain(', valid to 2096-02-29, never used.')
  const [made] = await listAppPasswords(database.db, ann)
  expect(made).toMatchObject({ scopes: ['read', 'write'], expires: new Date('2096-03-01T00:00:00Z') })
})

test('app-password list shows every app password without its secret', async () => {
  expect(await list()).toEqual({ output: 'Ann has no app passwords.\n', errors: '' })
  const { output: secret } = await add('ann', { end: '2096-01-01' })
  await add('ann', { name: 'Board' })
  await add('bo', { name: 'not hers' })
  const { output } = await list()
  expect(output.split('\n').map(described)).toEqual([
    'ID: Reader; read; created THEN, valid to 2096-01-01, never used.',
    'ID: Board; read; created THEN, never expires, never used.',
    '',
  ])
  expect(output).not.toContain(secret.trim())
})

test('app-password revoke ends one app password of that person only', async () => {
  await add()
  const id = uuid.exec((await list()).output)?.[0] as string
  const unknown = { code: 'notFound', message: `There is no app password with the id ${id}.` }
  await expect(revoke('bo', id)).rejects.toMatchObject(unknown)
  expect((await revoke('ann', id)).output).toBe(`Revoked the app password ${id} of Ann.\n`)
  await expect(revoke('ann', id)).rejects.toMatchObject(unknown)
  await expect(revoke('ann', 'Reader')).rejects.toMatchObject({ code: 'notFound' })
  expect(await listAppPasswords(database.db, ann)).toEqual([])
})

test.each<[string, Partial<typeof wish>, string]>([
  ['an empty name', { name: ' ' }, 'The name of an app password must have 1 to 100 characters; this one has 0.'],
  [
    'a long name',
    { name: 'é'.repeat(101) },
    'The name of an app password must have 1 to 100 characters; this one has 101.',
  ],
  [
    'a line feed in the name',
    { name: 'a\nb' },
    'The name of the app password has a character that cannot be shown, such as a control character.',
  ],
  [
    'half a pair in the name',
    { name: 'a\uD83D' },
    'The name of the app password has a character that cannot be shown, such as a control character.',
  ],
  ['no scope', { scopes: [] }, 'The scopes of an app password must be one or more of read, write.'],
  ['another scope', { scopes: ['read', 'admin'] }, 'The scopes of an app password must be one or more of read, write.'],
  ['a day that is no day', { end: '2096-02-30' }, '2096-02-30 is not a date such as 2027-12-31.'],
  ['a day that is a word', { end: 'tomorrow' }, 'tomorrow is not a date such as 2027-12-31.'],
  ['a day that is over', { end: '2026-01-01' }, 'An app password must expire in the future, or never.'],
])('%s creates nothing', async (_, wrong, message) => {
  await expect(add('ann', wrong)).rejects.toMatchObject({ code: 'invalid', message })
  expect(await listAppPasswords(database.db, ann)).toEqual([])
})

test('an unknown user id is refused', async () => {
  const unknown = { code: 'notFound', message: 'There is no account with the user id eve.' }
  for (const tried of [() => add('eve'), () => list('eve'), () => revoke('eve', ann)]) {
    await expect(tried()).rejects.toMatchObject(unknown)
  }
})

test('a new password keeps app passwords and reports them', async () => {
  const password = async () => {
    const terminal = { input: new PassThrough(), output: new PassThrough(), errors: new PassThrough() }
    terminal.input.end('another password\n')
    await passwordCommand(terminal, database.db, 'ann')
    terminal.output.end()
    return text(terminal.output)
  }
  expect(await password()).toBe('Set the password of Ann.\n')
  await add()
  expect(await password()).toBe(
    'Set the password of Ann.\n' + '1 app password still works; see `connections account app-password list ann`.\n',
  )
  expect(await listAppPasswords(database.db, ann)).toHaveLength(1)
})
