import { sessionKey } from '../../src/identity/session.js'

test('the key of cookies follows from the secret of all tokens, and the secret not from the key', () => {
  const [secret, other] = [Buffer.alloc(32, 'a'), Buffer.alloc(32, 'b')]
  expect(sessionKey(secret)).toBe(sessionKey(Buffer.from(secret)))
  expect(sessionKey(secret)).not.toBe(sessionKey(other))
  expect(sessionKey(secret)).toMatch(/^[\w-]{43}$/)
  expect(sessionKey(secret)).not.toBe(secret.toString('base64url'))
})
