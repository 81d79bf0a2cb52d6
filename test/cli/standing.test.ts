import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { stateCommand, verifiedCommand } from '../../src/cli/accounts.js'
import type { Terminal } from '../../src/cli/terminal.js'
import { findAccount } from '../../src/people/store.js'
import { servedCast } from '../support/served-cast.js'

const cast = servedCast()

async function run(command: (terminal: Terminal) => Promise<void>) {
  const terminal = { input: new PassThrough(), output: new PassThrough(), errors: new PassThrough() }
  await command(terminal)
  terminal.output.end()
  return text(terminal.output)
}

const setState = (userId: string, state: 'active' | 'inactive') =>
  run((terminal) => stateCommand(terminal, cast.db(), userId, state))
const setVerified = (userId: string, verified: boolean) =>
  run((terminal) => verifiedCommand(terminal, cast.db(), userId, verified))

test('account disable shows in every list and entry with the person and changes nothing else', async () => {
  const list = '/profiles/atom/connections.do?connectionType=colleague&userid=ann&ps=250'
  const entry = '/profiles/atom/connection.do?sourceUserid=ann&targetUserid=kit'
  const before = await Promise.all([list, entry].map((path) => cast.send(path)))
  expect(await setState('kit', 'inactive')).toMatch(/ can no longer sign in\.\n$/)
  for (const [at, path] of [list, entry].entries()) {
    const after = await cast.send(path, { headers: { 'If-None-Match': String(before[at]?.headers.etag) } })
    expect(after.status).toBe(200)
    expect(after.text).not.toBe(before[at]?.text)
    expect(after.text).toContain('inactive')
  }
  expect(await setState('kit', 'active')).toMatch(/ can sign in again\.\n$/)
  const undated = (document: string | undefined) => document?.replaceAll(/<updated>[^<]*/g, '')
  const again = await cast.send(list)
  expect(undated(again.text)).toBe(undated(before[0]?.text))
})

test('a disabled person cannot sign in until enabled', async () => {
  const path = '/profiles/atom/connections.do?connectionType=colleague&status=pending'
  const status = async () => (await cast.send(path, { as: 'bo:colleagues' })).status
  expect(await status()).toBe(200)
  await setState('bo', 'inactive')
  expect(await status()).toBe(401)
  await setState('bo', 'active')
  expect(await status()).toBe(200)
})

test('account verify and unverify', async () => {
  const verified = async () => {
    const { verified } = await cast
      .db()
      .selectFrom('account')
      .select('verified')
      .where('user_id', '=', 'ann')
      .executeTakeFirstOrThrow()
    return verified
  }
  const { name } = (await findAccount(cast.db(), { by: 'userId', value: 'ann' })) ?? {}
  expect(await setVerified('ann', false)).toBe(`The e-mail address of ${name} is now unverified.\n`)
  expect(await verified()).toBe(false)
  expect(await setVerified('ann', true)).toBe(`The e-mail address of ${name} is now verified.\n`)
  expect(await verified()).toBe(true)
})

test('an unknown user id is refused', async () => {
  const unknown = { code: 'notFound', message: 'There is no account with the user id eve.' }
  await expect(setState('eve', 'inactive')).rejects.toMatchObject(unknown)
  await expect(setVerified('eve', true)).rejects.toMatchObject(unknown)
})
