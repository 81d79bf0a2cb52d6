import { importFiles } from '../../src/transfer/import.js'
import { fixture } from '../support/files.js'
import { importFixture } from '../support/import-fixture.js'
import { account, colleague, connectionDocument, empty, exported, jsonLines } from './files.js'

/** Files as operators have them: recorded with headers, in other encodings, with vCards of other writers. */

const { database, folder } = importFixture()

const bring = async (content: string | Uint8Array) => importFiles(database.db, [await folder.write('file', content)])

async function refusalOf(content: string | Uint8Array): Promise<string> {
  const failure = await bring(content).catch((error: unknown) => error)
  expect(failure).toMatchObject({ name: 'Failure', code: 'invalid' })
  expect(await database.db.selectFrom('account').select('id').execute()).toEqual([])
  return (failure as Error).message.replaceAll(/\S+\/file\b/g, 'FILE')
}

const entry = (message = 'Grüße') =>
  connectionDocument({
    ...{ id: 5, source: 'bo', target: 'cy', status: 'unconfirmed', author: 'bo', contributor: 'bo', on: 1, message },
  })
const messages = async () =>
  (await database.db.selectFrom('colleague').select('message').execute()).map(({ message }) => message)
const utf16 = (text: string) => Buffer.from(`\uFEFF${text}`, 'utf16le')
const swapped = (text: string) => utf16(text).swap16()
const latin1 = (text: string) => Buffer.from(text, 'latin1')

describe('a recorded document is imported', () => {
  const ok = 'HTTP/1.1 200 OK\r\nContent-Type: application/atom+xml;charset=UTF-8\r\n\r\n'
  const redirect = 'HTTP/1.1 302 Found\r\nLocation: https://x.example/\r\nContent-Length: 0\r\n\r\n'
  const refusal = 'HTTP/1.1 401 Unauthorized\r\nContent-Type: text/html\r\n'
  const body = '<html><p>Sign in &nbsp; first'

  test.each<[string, string | Uint8Array]>([
    ['after 100 Continue', `HTTP/1.1 100 Continue\r\n\r\n${ok}${entry()}`],
    ['after a redirect', `${redirect}${ok}${entry()}`],
    [
      'after a proxy’s answer, a redirect and 401',
      `HTTP/1.0 200 Connection established\r\n\r\n${redirect}${refusal}\r\n${ok}${entry()}`,
    ],
    ['after 401 with a body', `${refusal}\r\n${body}\r\n${ok}${entry()}`],
    [
      'after answers with bodies of known length',
      `HTTP/2 200 \nContent-Length: ${body.length}\n\n${body}\n${ok}${entry()}`,
    ],
    ['after blank lines', `\n\n${ok}${entry()}`],
    ['in ISO-8859-1 by its Content-Type', latin1(`${ok.replace('UTF-8', 'iso-8859-1')}${entry()}`)],
    ['in windows-1252 by its declaration', latin1(entry('Gr\xfc\xdfe').replace('UTF-8', 'windows-1252'))],
    ['in UTF-16, as a shell writes it', utf16(entry())],
    ['in UTF-16, high byte first', swapped(entry())],
    ['in UTF-16 with its header', utf16(`${redirect}${ok}${entry()}`)],
    ['in UTF-16 after a header that is not', Buffer.concat([Buffer.from(`${redirect}${ok}`), utf16(entry())])],
    ['in UTF-8 with a byte order mark, whatever it declares', `\uFEFF${entry().replace('UTF-8', 'ISO-8859-1')}`],
  ])('%s', async (_, content) => {
    await bring(content)
    expect(await messages()).toEqual(['Grüße', 'Grüße'])
  })

  test('user text in a document is not taken for a response', async () => {
    const message = `\r\n\r\nHTTP/1.1 200 OK\r\n\r\n&lt;feed/&gt;`
    await bring(`${redirect}${ok}${entry(message)}`)
    expect(await messages()).toEqual(Array(2).fill('\n\nHTTP/1.1 200 OK\n\n<feed/>'))
  })

  test('a message follows its content type', async () => {
    await bring(entry('a &lt;b&gt; c').replace('content type="html"', 'content type="text"'))
    expect(await messages()).toEqual(Array(2).fill('a &lt;b&gt; c'))
    const text = await exported(database.db)
    await empty(database.db)
    await bring(text)
    expect(await exported(database.db)).toBe(text)
  })

  test.each<[string, string | Uint8Array, RegExp]>([
    [
      'a refusal',
      `${redirect}HTTP/1.1 400 Bad Request\r\n\r\n<error/>`,
      /neither an Atom feed nor .* entry; it came with the status 400/,
    ],
    ['a header without end', 'HTTP/1.1 200 OK\r\nServer: x', /header does not end with an empty line/],
    ['UTF-16 without a mark', Buffer.from(entry(), 'utf16le'), /FILE: it looks like UTF-16 without a byte order mark/],
    ['half a character', utf16(entry()).subarray(0, -1), /FILE: not valid UTF-16, but its byte order mark says UTF-16/],
    [
      'another encoding',
      latin1(entry().replace('UTF-8', 'koi8-r')),
      /it declares "koi8-r", which is not supported; use UTF-8/,
    ],
    ['Latin-1 called UTF-8', latin1(entry()), /line 1 is not valid UTF-8, but it declares UTF-8/],
  ])('%s is refused with the reason', async (_, content, reason) => {
    expect(await refusalOf(content)).toMatch(reason)
  })
})

describe('a directory file in UTF-16', () => {
  const lines = jsonLines(
    account('ann', { name: 'Zoë 👋' }),
    account('bo'),
    colleague('ann', 'bo', 1, { message: 'ü' }),
  )

  test.each([
    ['low byte first', utf16(lines)],
    ['high byte first', swapped(lines)],
  ])('is imported: %s', async (_, content) => {
    await bring(lines)
    const text = await exported(database.db)
    await empty(database.db)
    await bring(content)
    expect(await exported(database.db)).toBe(text)
  })

  test('is imported if a character spans two chunks', async () => {
    // A file is read in pieces of 64 KiB.
    const text = jsonLines(account('ann', { profile: { description: 'x👋'.repeat(20_000) } }))
    await bring(utf16(text))
    expect(await exported(database.db)).toContain(`"${'x👋'.repeat(20_000)}"`)
  })

  test('is refused without a mark, or if it is not UTF-16', async () => {
    expect(await refusalOf(Buffer.from(lines, 'utf16le'))).toMatch(/FILE: it looks like UTF-16 without a byte order/)
    expect(await refusalOf(Buffer.concat([utf16(lines), Buffer.of(0x00, 0xd8, 0x0a, 0x00)]))).toMatch(
      /FILE: not valid UTF-16/,
    )
    expect(await refusalOf(latin1(lines.replace(' 👋', '')))).toMatch(
      /line 1: not UTF-8\. Save it as UTF-8, or as UTF-16/,
    )
  })

  test('any message of 4,000 characters survives export and import', async () => {
    for (const message of ['👋'.repeat(4000), '&lt;'.repeat(4000)]) {
      await empty(database.db)
      await bring(jsonLines(account('ann'), account('bo'), colleague('ann', 'bo', 1, { message })))
      expect(await messages()).toEqual([message, message])
    }
  })
})

describe('a vCard of another program', () => {
  const document = Buffer.from(fixture('recorded/profile-vcard-full.xml')).toString()
  const withLines = (...lines: string[]) => document.replace(/^TITLE:.*$/m, () => lines.join('\n'))

  async function profileWith(...lines: string[]) {
    await empty(database.db)
    await bring(withLines(...lines))
    const row = await database.db.selectFrom('account').select(['profile', 'email']).executeTakeFirstOrThrow()
    return row.profile as Record<string, string>
  }

  test.each<[title: string, ...lines: string[]]>([
    ['Müller', 'TITLE;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:M=C3=BCller'],
    ['Müller', 'TITLE;ENCODING=QUOTED-PRINTABLE:M=c3=BCller'],
    ['Müller', 'TITLE;charset="iso-8859-1";quoted-printable:M=FCller'],
    ['5 €', "TITLE;CHARSET='windows-1252';ENCODING=quoted-printable:5 =80"],
    ['a=b; c', 'TITLE;ENCODING=QUOTED-PRINTABLE:a=3Db=', '; =', 'c'],
    ['Chief ORG:of it', 'TITLE;ENCODING=QUOTED-PRINTABLE:Chief =  ', 'ORG:of it'],
    ['one\ntwo', 'TITLE;ENCODING=QUOTED-PRINTABLE:one=0D=0Atwo'],
    ['Grüße', 'TITLE;CHARSET=UTF-8;ENCODING=BASE64:R3LDvMOf', '  ZQ==', ''],
    ['Grüße', 'TITLE;BASE64;CHARSET=iso-8859-1:R3L832U='],
    ['Grüße', 'TITLE;CHARSET=UTF-16;ENCODING=B://5HAHIA/ADfAGUA'],
    ['Müller', 'TITLE;CHARSET=ISO-8859-1;ENCODING=8BIT;LANGUAGE=de:Müller'],
    ['50=25', 'TITLE:50=25'],
  ])('is decoded: %j', async (title, ...lines) => {
    expect(await profileWith(...lines)).toMatchObject({ title, street: 'Quay 9', workPhone: '+358 4' })
  })

  test('is split into the parts of a value', async () => {
    const text = document
      .replace(/^N:.*$/m, 'N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:M=C3=BCller=3B=\n Sons;Anna')
      .replace(/^ADR;WORK:/m, 'ADR;DOM;TYPE=work;ENCODING=BASE64:OztRdWF5IDg7O1R1cmt1Ozs7RmlubGFuZA==\nX_SHIFT:')
      .replace(/^X_EXTENSION_PROPERTY;/m, 'X_EXTENSION_PROPERTY;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE;')
      .replace('green: bright', 'gr=C3=BCn')
    await bring(text)
    const { profile } = await database.db.selectFrom('account').select('profile').executeTakeFirstOrThrow()
    expect(profile).toMatchObject({
      familyName: 'Müller; Sons',
      givenName: 'Anna',
      street: 'Quay 8',
      city: 'Turku',
      country: 'Finland',
      extensions: [{ id: 'lamp', value: 'grün' }, { id: 'suit' }],
    })
  })

  test('may have several types of a number or an address', async () => {
    const phones = document.replace(/^TEL;WORK:.*\nTEL;CELL:.*$/m, () =>
      [
        'TEL;WORK;VOICE;MSG:+1',
        'TEL;TYPE=CELL;TYPE=WORK:+2',
        'TEL;TYPE="work,fax":+3',
        'TEL;HOME;VOICE:+4',
        'TEL;VOICE;WORK;PREF:+5',
        'TEL;PAGER:+6',
      ].join('\n'),
    )
    await bring(phones.replace('EMAIL;INTERNET:', 'EMAIL;PREF;TYPE=INTERNET;CHARSET=UTF-8:'))
    const row = await database.db.selectFrom('account').select(['profile', 'email']).executeTakeFirstOrThrow()
    expect(row.email).toBe('yuki@harbour.example')
    expect(row.profile).toMatchObject({ workPhone: '+5', mobilePhone: '+2', fax: '+3', pager: '+6' })
    expect(JSON.stringify(row.profile)).not.toContain('+4')
  })

  test('may have a photo, which is ignored', async () => {
    const profile = await profileWith('PHOTO;JPEG;ENCODING=BASE64:', '  /9j/4AAQSkZJRg==', '', 'TITLE:Diver')
    expect(profile['title']).toBe('Diver')
  })

  test.each<[reason: RegExp, ...lines: string[]]>([
    [
      /entry 1 .* Line 18 of the entry's vCard \(TITLE\) cannot be decoded: "=ZZ" is not quoted-printable/,
      'TITLE;ENCODING=QUOTED-PRINTABLE:a=ZZ',
    ],
    [/"=b" is not quoted-printable/, 'TITLE;ENCODING=QUOTED-PRINTABLE:a=b'],
    [/"ü" is not quoted-printable/, 'TITLE;ENCODING=QUOTED-PRINTABLE:ü'],
    [/line 1 is not valid UTF-8/, 'TITLE;ENCODING=QUOTED-PRINTABLE:M=FCller'],
    [/not valid US-ASCII, but its CHARSET says US-ASCII/, 'TITLE;CHARSET=us-ascii;ENCODING=QUOTED-PRINTABLE:M=FCller'],
    [
      /its CHARSET says "KOI8-R", which is not supported; use UTF-8/,
      'TITLE;CHARSET=KOI8-R;ENCODING=QUOTED-PRINTABLE:M=FCller',
    ],
    [/Line 19 .*it is not base64/, 'ROLE:x', 'TITLE;ENCODING=BASE64:***'],
    [/the encoding "UUENCODE" is not known/, 'TITLE;ENCODING=UUENCODE:x'],
    [/vCard repeats TITLE/, 'TITLE;CHARSET=UTF-8:x', 'TITLE:y'],
  ])('is refused with its line if it cannot be decoded: %s', async (reason, ...lines) => {
    expect(await refusalOf(withLines(...lines))).toMatch(reason)
  })
})
