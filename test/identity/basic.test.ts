import fc from 'fast-check'
import { parseBasic } from '../../src/identity/basic.js'

const header = (text: string | Buffer, scheme = 'Basic ') => scheme + Buffer.from(text).toString('base64')

const withoutControls = fc.string({ unit: 'grapheme' }).filter((text) => !/\p{Cc}/u.test(text))
const users = withoutControls.filter((text) => text !== '' && !text.includes(':'))

test('decodes every credential that a client encodes (A2)', () => {
  fc.assert(
    fc.property(users, withoutControls, fc.constantFrom('Basic ', 'basic ', 'BASIC   '), (user, password, scheme) => {
      expect(parseBasic(header(`${user}:${password}`, scheme))).toEqual({
        user: user.normalize('NFC'),
        password: password.normalize('NFC'),
      })
    }),
  )
})

test.each([
  ['the example of RFC 7617, section 2', 'Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==', 'Aladdin', 'open sesame'],
  ['the example of RFC 7617, section 2.1', 'Basic dGVzdDoxMjPCow==', 'test', '123£'],
  ['colons in the password', header('ann:a:b::'), 'ann', 'a:b::'],
  ['an empty password', header('ann:'), 'ann', ''],
  ['blanks, which belong to the parts', header(' ann : pass '), ' ann ', ' pass '],
  ['a byte order mark, which is a character like others', header('\uFEFFann:\uFEFF'), '\uFEFFann', '\uFEFF'],
  ['letters and their accents, together or apart', header('Zoe\u0308:e\u0301'), 'Zo\u00EB', '\u00E9'],
  ['characters beyond the first plane', header('ann:🔑'), 'ann', '🔑'],
])('reads %s', (_, value, user, password) => {
  expect(parseBasic(value)).toEqual({ user, password })
})

test.each([
  ['nothing', ''],
  ['the scheme alone', 'Basic'],
  ['the scheme and a blank', 'Basic '],
  ['another scheme', header('ann:password', 'Bearer ')],
  ['a longer scheme', header('ann:password', 'XBasic ')],
  ['a blank before', header('ann:password', ' Basic ')],
  ['no blank between', header('ann:password', 'Basic')],
  ['a tab between', header('ann:password', 'Basic\t')],
  ['a blank after', `${header('ann:password')} `],
  ['a line feed after', `${header('ann:password')}\n`],
  ['two credentials', `${header('ann:password')}, ${header('ann:password')}`],
  ['a parameter after', `${header('ann:password')} charset="UTF-8"`],
  ['no padding', header('ann:pass').replace('=', '')],
  ['too much padding', `${header('ann:passw')}=`],
  ['padding bits that are not zero', 'Basic QWxhZGRpbjpvcGVuIHNlc2FtZR=='],
  ['the alphabet for addresses', header('ann:????~~~~').replaceAll('/', '_').replaceAll('+', '-')],
  ['a character that is not of base64', header('ann:password').replace('b', '*')],
  ['no colon', header('annpassword')],
  ['no user', header(':password')],
  ['bytes that are not UTF-8', header(Buffer.from('ann:caf\xE9', 'latin1'))],
  ['an overlong encoding', header(Buffer.from([0x61, 0x3a, 0xc1, 0xa1]))],
  ['a surrogate', header(Buffer.from([0x61, 0x3a, 0xed, 0xa0, 0x80]))],
  ['NUL', header('ann:pass\0word')],
  ['a line feed in the user', header('an\nn:password')],
  ['DEL', header('ann:pass\x7Fword')],
  ['a C1 control', header('ann:pass\x85word')],
])('refuses %s', (_, value) => {
  expect(parseBasic(value)).toBeUndefined()
})

const spoil: Record<string, (good: string) => string> = {
  'a letter before': (good) => `x${good}`,
  'another scheme': (good) => good.replace('Basic', 'Digest'),
  'the last character gone': (good) => good.slice(0, -1),
  'one more padding': (good) => `${good}=`,
  'a character of no alphabet': (good) => good.replace(/.$/, '!'),
  'a second word': (good) => `${good} ${good}`,
  'cut in two': (good) => good.replace(/(?<=Basic .{2})/, ' '),
}

test.each(Object.entries(spoil))('refuses a damaged header: %s (A2)', (_, spoilt) => {
  fc.assert(
    fc.property(users, withoutControls, (user, password) => {
      expect(parseBasic(spoilt(header(`${user}:${password}`)))).toBeUndefined()
    }),
  )
})

test('decodes only valid encodings', () => {
  fc.assert(
    fc.property(fc.base64String({ maxLength: 12 }), fc.string({ maxLength: 2 }), (base64, rest) => {
      const parsed = parseBasic(`Basic ${base64}${rest}`)
      if (!parsed) return
      const again = Buffer.from(`${base64}${rest}`, 'base64').toString()
      expect(header(again)).toBe(`Basic ${base64}${rest}`)
      expect(again.normalize('NFC')).toBe(`${parsed.user}:${parsed.password}`)
    }),
  )
})
