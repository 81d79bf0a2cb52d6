import { emailFailure, backoffMs } from '../../src/mail/worker.js'

test('the backoff doubles from a minute to six hours, minus up to half', () => {
  const minutes = Array.from({ length: 12 }, (_, at) => backoffMs(at + 1, 0) / 60_000)
  expect(minutes).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 360, 360, 360])
  expect(backoffMs(1, 1)).toBe(30_000)
})

test.each([
  [{ code: 'EENVELOPE', command: 'RCPT TO', responseCode: 550 }, true, 'EENVELOPE RCPT TO 550'],
  [{ code: 'EMESSAGE', command: 'DATA', responseCode: 552 }, true, 'EMESSAGE DATA 552'],
  [{ code: 'EENVELOPE', command: 'RCPT TO', responseCode: 451 }, false, 'EENVELOPE RCPT TO 451'],
  [{ code: 'EAUTH', command: 'AUTH PLAIN', responseCode: 535 }, false, 'EAUTH AUTH PLAIN 535'],
  [{ code: 'ESOCKET', originalCode: 'ECONNRESET', command: 'CONN' }, false, 'ESOCKET ECONNRESET CONN'],
  [new TypeError('of ann@example.com'), false, 'TypeError'],
])('the error %j is classified', (error, isPermanent, summary) => {
  expect(emailFailure(error)).toEqual({ isPermanent, summary })
})
