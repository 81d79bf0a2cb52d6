import fc from 'fast-check'
import { appSecretHash, hasChecksum, isAppSecret, newAppSecret } from '../../src/identity/app-password.js'
import { hashPassword } from '../../src/identity/password.js'

// Checksum and hash computed with Python's zlib and hashlib.
const known = 'cnx_0000000000000000000000000000000003VzIe'

test('checksum and hash match known values', () => {
  expect(isAppSecret(known)).toBe(true)
  expect(hasChecksum(known)).toBe(true)
  expect(appSecretHash(known)).toBe('4b09ddc304600e45800083d0a36e2e83cbd83ca94b50dc965d5c23ef9e4f304e')
})

test('every generated app password has form and checksum, and is unique', () => {
  const made = Array.from({ length: 200 }, newAppSecret)
  for (const secret of made) {
    expect(secret).toMatch(/^cnx_[0-9A-Za-z]{38}$/)
    expect([isAppSecret(secret), hasChecksum(secret)]).toEqual([true, true])
  }
  expect(new Set(made).size).toBe(200)
  expect(new Set(made.flatMap((secret) => [...secret.slice(4, 36)])).size).toBe(62)
})

const digit = fc.constantFrom(...'0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz')

test('the checksum detects a mistyped character', () => {
  fc.assert(
    fc.property(fc.nat(37), digit, (at, typed) => {
      const secret = newAppSecret()
      const mistyped = secret.slice(0, 4 + at) + typed + secret.slice(5 + at)
      expect(isAppSecret(mistyped)).toBe(true)
      expect(hasChecksum(mistyped)).toBe(mistyped === secret)
    }),
  )
})

test.each([
  ['a character less', known.slice(0, -1)],
  ['a character more', `${known}0`],
  ['another prefix', known.replace('cnx', 'ghp')],
  ['the prefix in another case', known.replace('cnx', 'CNX')],
  ['a character that is not of base62', `${known.slice(0, -1)}-`],
  ['a line feed after', `${known}\n`],
])('with %s it is an ordinary password', (_, text) => {
  expect(isAppSecret(text)).toBe(false)
})

test('a password must not have the form of an app password', async () => {
  await expect(hashPassword(known.replace('_0', '_1'))).rejects.toMatchObject({
    code: 'invalid',
    message: 'A password must not have the form of an app password.',
  })
})
