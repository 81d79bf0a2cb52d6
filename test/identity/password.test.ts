import { availableParallelism } from 'node:os'
import argon2 from '@node-rs/argon2'
import { hashPassword, verifyPassword } from '../../src/identity/password.js'
import { listenTo, real } from '../support/argon2.js'

const hash = listenTo('hash')
const verify = listenTo('verify')

const password = 'correct: horse Ω'
let secret: string
beforeAll(async () => {
  secret = await hashPassword(password)
})
beforeEach(() => void jest.clearAllMocks())

test('a hash contains its parameters and is unique', async () => {
  const phc = /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/
  expect(secret).toMatch(phc)
  const other = await hashPassword(password)
  expect(other).toMatch(phc)
  expect(other).not.toBe(secret)
})

test.each([
  ['itself', password, true],
  ['its last byte changed', 'correct: horse Ψ', false],
  ['a blank after', `${password} `, false],
  ['another case', password.toUpperCase(), false],
  ['what stands before its colon', 'correct', false],
  ['nothing', '', false],
])('verifies a password: %s', async (_, tried, right) => {
  expect(await verifyPassword(secret, tried)).toBe(right)
})

test('Unicode forms of one character are equal', async () => {
  expect(await verifyPassword(await hashPassword('cafe\u0301 au lait'), 'caf\u00E9 au lait')).toBe(true)
})

test.each([8, 64, 72, 73, 255, 256])('the last of %i characters counts (A4)', async (length) => {
  const long = await hashPassword('é'.repeat(length))
  expect(await verifyPassword(long, 'é'.repeat(length))).toBe(true)
  expect(await verifyPassword(long, `${'é'.repeat(length - 1)}ê`)).toBe(false)
})

test('lengths are counted in characters, not bytes', async () => {
  const keys = '🔑'.repeat(256)
  expect(await verifyPassword(await hashPassword(keys), keys)).toBe(true)
  await expect(hashPassword('🔑'.repeat(7))).rejects.toThrow('this one has 7')
})

test.each([
  ['of one character', 'x', 'The password must have 8 to 256 characters; this one has 1.'],
  ['too short', 'seven77', 'The password must have 8 to 256 characters; this one has 7.'],
  ['too long', 'x'.repeat(257), 'The password must have 8 to 256 characters; this one has 257.'],
  ['with a tab', 'pass\tword', 'a character that cannot be sent'],
  ['with half a surrogate pair', 'password\uD83D', 'a character that cannot be sent'],
])('a password %s is refused without hashing (A4)', async (_, wrong, why) => {
  await expect(hashPassword(wrong)).rejects.toMatchObject({ code: 'invalid', message: expect.stringContaining(why) })
  expect(hash).not.toHaveBeenCalled()
})

test('a password that is too long is wrong without hashing (A4)', async () => {
  expect(await verifyPassword(secret, 'x'.repeat(257))).toBe(false)
  expect(verify).not.toHaveBeenCalled()
  expect(await verifyPassword(secret, 'x'.repeat(256))).toBe(false)
  expect(verify).toHaveBeenCalledTimes(1)
})

test('the dummy hash matches no password and costs as much as a real one', async () => {
  expect(await verifyPassword(null, password)).toBe(false)
  const [dummy] = verify.mock.calls[0] as [string, string]
  expect(argon2.parseOptions(dummy)).toEqual(argon2.parseOptions(secret))
})

test('32 hashes may wait, and the next is refused (A5)', async () => {
  const running = Math.max(1, availableParallelism() - 1)
  let now = 0
  let most = 0
  verify.mockImplementation(async (...asked) => {
    most = Math.max(most, ++now)
    return real.verify(...asked).finally(() => now--)
  })
  const checks = Array.from({ length: running + 33 }, (_, index) => verifyPassword(index % 2 ? secret : null, password))
  const outcomes = await Promise.allSettled(checks)
  const last = outcomes.pop()
  expect(last).toMatchObject({ status: 'rejected', reason: { name: 'Failure', code: 'unavailable' } })
  expect(outcomes).toEqual(outcomes.map((_, index) => ({ status: 'fulfilled', value: index % 2 === 1 })))
  expect(most).toBe(running)
  expect(await verifyPassword(secret, password)).toBe(true)
})
