import { sessionKey } from '../../src/identity/session.js'

test('the cookie key is derived from the token secret, which cannot be derived from it', () => {
  const [secret, other] = [Buffer.alloc(32, 'a'), Buffer.alloc(32, 'b')]
  expect(sessionKey(secret)).toBe(sessionKey(Buffer.from(secret)))
  expect(sessionKey(secret)).not.toBe(sessionKey(other))
  expect(sessionKey(secret)).toMatch(/^[\w-]{43}$/)
  expect(sessionKey(secret)).not.toBe(secret.toString('base64url'))
})
