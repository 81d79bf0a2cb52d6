import { load } from 'cheerio'
import { contentOf } from '../../src/mail/content.js'
import { findSnapshot } from '../../src/mail/outbox-store.js'
import { type Client, startClient } from '../support/client.js'
import { freshDatabase, type TestDatabase } from '../support/database.js'
import { connectionEntry, escaped } from '../support/entries.js'
import { addPerson, signInSecret } from '../support/world.js'
import { all, child, parse } from '../support/xml.js'

/** Entries in all encodings and content types, and their messages on the wire, on pages and in e-mails. */

let database: TestDatabase
let client: Client
let bo: string

beforeAll(async () => {
  database = await freshDatabase()
  await addPerson(database.db, 'ann', { password: signInSecret })
  bo = await addPerson(database.db, 'bo', { password: signInSecret })
  client = await startClient(database.db)
})
beforeEach(async () => {
  await database.db.deleteFrom('colleague').execute()
  await database.db.deleteFrom('connection').execute()
  await database.db.updateTable('network').set({ total: 0 }).execute()
})
afterAll(async () => {
  await client.close()
  await database.close()
})

const list = '/profiles/atom/connections.do?connectionType=colleague'

function invite(body: string | Uint8Array, type?: string) {
  const headers: Record<string, string> = type === undefined ? {} : { 'content-type': type }
  return client.send(`${list}&userid=bo`, { method: 'POST', as: 'ann:colleagues', body, headers })
}

const stored = async () =>
  (await database.db.selectFrom('colleague').select('message').execute()).map(({ message }) => message)

/** The message for the invited person: the HTML that an XML parser finds in the feed. */
async function readByBo(): Promise<string> {
  const { text } = await client.send(`${list}&status=pending&inclMessage=true`, { as: 'bo:colleagues' })
  const [entry] = all(parse(text), 'entry')
  const content = child(entry as never, 'content')
  expect(content.attributes).toEqual({ type: 'html' })
  return content.text
}

async function pageOfBo(): Promise<string> {
  const headers = { accept: 'text/html' }
  const { text } = await client.send(`${list}&status=pending`, { as: 'bo:colleagues', headers })
  return load(text)('blockquote').text()
}

async function letterToBo(): Promise<string> {
  const { id } = await database.db.selectFrom('connection').select('id').executeTakeFirstOrThrow()
  const situation = await findSnapshot(database.db, bo, id)
  const place = { baseUrl: 'https://connections.example' } as never
  const occasion = contentOf({ kind: 'invited', recipientId: bo, title: null }, situation, place)
  return typeof occasion === 'string' ? occasion : occasion.message
}

const withContent = (content: string) =>
  connectionEntry('pending').replace('<content type="html"></content>', `${content}`)
const declaring = (encoding: string, text = 'Grüße, Bo') =>
  connectionEntry('pending', text).replace('encoding="UTF-8"', encoding && `encoding=${encoding}`)

const swap = (bytes: Buffer) => Buffer.from(bytes).swap16()
const utf16 = (text: string) => Buffer.from(`\uFEFF${text}`, 'utf16le')

describe('the encoding of an entry', () => {
  test.each<[what: string, body: string | Uint8Array, type: string | undefined, message?: string]>([
    ['ASCII', declaring('"ASCII"', 'Hi'), undefined, 'Hi'],
    ['us-ascii, in single quotes', declaring("'us-ascii'", 'Hi'), undefined, 'Hi'],
    ['utf8', declaring('"utf8"'), undefined],
    ['utf-8, with a byte order mark', `\uFEFF${declaring('"utf-8"')}`, undefined],
    ['iso-8859-1', Buffer.from(declaring('"iso-8859-1"'), 'latin1'), undefined],
    [
      'ISO-8859-1, with 80 to 9F as controls',
      Buffer.from(declaring('"ISO-8859-1"', '\x80\x9f'), 'latin1'),
      undefined,
      '\x80\x9f',
    ],
    [
      'windows-1252, with 80 to 9F as letters',
      Buffer.from(declaring('"Windows-1252"', '\x80\x9f\x93x\x94'), 'latin1'),
      undefined,
      '€Ÿ“x”',
    ],
    ['UTF-16, low byte first', utf16(declaring('"UTF-16"')), undefined],
    ['UTF-16, high byte first', swap(utf16(declaring('"utf-16"'))), 'application/atom+xml'],
    ['UTF-16LE by name', utf16(declaring('"UTF-16LE"')), undefined],
    ['UTF-16 without a declaration', utf16(declaring('').replace(/^<\?.*?\?>/, '')), undefined],
    ['the Content-Type before the declaration', declaring('"ISO-8859-1"'), 'text/plain; charset="UTF-8"'],
    ['iso-8859-1 by the Content-Type', Buffer.from(declaring('"UTF-8"'), 'latin1'), 'text/xml;charset=ISO-8859-1'],
    ['the byte order mark before the Content-Type', `\uFEFF${declaring('"utf-8"')}`, 'text/xml; charset=iso-8859-1'],
    [
      'UTF-16 by mark and Content-Type, before the declaration',
      utf16(declaring('"UTF-8"')),
      'text/xml; charset=utf-16',
    ],
  ])('accepts %s', async (_, body, type, message = 'Grüße, Bo') => {
    const { status, text } = await invite(body, type)
    expect([status, text]).toEqual([201, ''])
    expect(await stored()).toEqual([message, message])
    expect(await readByBo()).toBe(message)
  })

  test.each<[what: string, body: string | Uint8Array, type: string | undefined, reason: RegExp]>([
    [
      'US-ASCII with a byte above 7F',
      declaring('"us-ascii"'),
      undefined,
      /line 1 is not valid US-ASCII, but it declares US-ASCII/,
    ],
    [
      'a declaration of UTF-8, in Latin-1',
      Buffer.from(declaring('"UTF-8"'), 'latin1'),
      undefined,
      /not valid UTF-8, but it declares UTF-8/,
    ],
    [
      'no declaration, in Latin-1',
      Buffer.from('<entry>\n\xe9</entry>', 'latin1'),
      undefined,
      /line 2 is not valid UTF-8\./,
    ],
    [
      'windows-1252 with an undefined byte',
      Buffer.from(declaring('"cp1252"', '\x81'), 'latin1'),
      undefined,
      /windows-1252/,
    ],
    ['UTF-16 in single bytes', declaring('"UTF-16"'), undefined, /declares "UTF-16", but there is no byte order mark/],
    [
      'a declaration of UTF-8, in UTF-16',
      utf16(declaring('"UTF-8"')),
      undefined,
      /declares "UTF-8", but its byte order mark says UTF-16LE/,
    ],
    [
      'ISO-8859-1 after the mark of UTF-8',
      `\uFEFF${declaring('"ISO-8859-1"')}`,
      undefined,
      /byte order mark says UTF-8/,
    ],
    ['UTF-16 without a mark', Buffer.from(declaring('"UTF-16"'), 'utf16le'), undefined, /UTF-16 without a byte order/],
    ['half a character of UTF-16', utf16(declaring('"UTF-16"')).subarray(0, -1), undefined, /not valid UTF-16LE/],
    ['UTF-32', Buffer.from('fffe00003c000000', 'hex'), undefined, /UTF-32 is not supported; use UTF-8, US-ASCII/],
    [
      'KOI8-R',
      declaring('"KOI8-R"'),
      undefined,
      /declares "KOI8-R", which is not supported; use UTF-8, US-ASCII, ISO-8859-1/,
    ],
    [
      'KOI8-R by Content-Type',
      declaring('"UTF-8"'),
      'text/xml;charset=koi8-r',
      /its Content-Type says "koi8-r", which is not/,
    ],
    [
      'us-ascii by Content-Type',
      declaring('"UTF-8"'),
      'text/xml;charset=us-ascii',
      /not valid US-ASCII, but its Content-Type says US-ASCII/,
    ],
  ])('refuses with the reason: %s', async (_, body, type, reason) => {
    const { status, text } = await invite(body, type)
    expect(status).toBe(400)
    expect(child(parse(text), 'message').text).toMatch(reason)
    expect(await stored()).toEqual([])
  })
})

describe('the content type of a message', () => {
  const div = (inner: string) =>
    `<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">${inner}</div></content>`

  test.each<[content: string, wire: string, text: string]>([
    [`<content type="text">${escaped('a <b> c')}</content>`, 'a &lt;b&gt; c', 'a <b> c'],
    ['<content type="TEXT">AT&amp;T &amp;lt; \n two</content>', 'AT&amp;T &amp;lt; \n two', 'AT&T &lt; \n two'],
    ['<content><![CDATA[<i>x</i>]]></content>', '&lt;i&gt;x&lt;/i&gt;', '<i>x</i>'],
    ['<content type="text/plain">a &amp; b</content>', 'a &amp; b', 'a & b'],
    ['<content type="text">Hi <b>Bo</b></content>', 'Hi &lt;b&gt;Bo&lt;/b&gt;', 'Hi <b>Bo</b>'],
    ['<content type="html">Hi &lt;b>Bo&lt;/b> &amp;amp; co</content>', 'Hi <b>Bo</b> &amp; co', 'Hi Bo & co'],
    ['<content type="html">Hi <b>Bo</b> &amp; co</content>', 'Hi <b>Bo</b> &amp; co', 'Hi Bo & co'],
    ['<content type="html"><![CDATA[<!DOCTYPE html>Hi]]></content>', 'Hi', 'Hi'],
    [div('<p>Hi <b class="x">Bo</b><br/>a &lt; b</p>'), '<p>Hi <b class="x">Bo</b><br>a &lt; b</p>', 'Hi Bo\na < b'],
    [div('<p/>\n<h:i xmlns:h="http://www.w3.org/1999/xhtml">x</h:i>'), '<p></p>\n<i>x</i>', 'x'],
    [div('<p title="&quot;a&quot;">x<![CDATA[<y>]]></p>'), '<p title="&quot;a&quot;">x&lt;y&gt;</p>', 'x<y>'],
    ['<content type="xhtml">Hi</content>', 'Hi', 'Hi'],
    [
      '<content type="html">&lt;script>alert(1)&lt;/script>Hi &lt;b onclick="x()">Bo&lt;/b></content>',
      'Hi <b>Bo</b>',
      'Hi Bo',
    ],
    [div('<script>alert(1)</script><a href="javascript:x()">Hi</a>'), '<a>Hi</a>', 'Hi'],
  ])('gives the meaning of %s', async (content, wire, text) => {
    expect((await invite(withContent(content))).status).toBe(201)
    expect(await readByBo()).toBe(wire)
    // A client that renders HTML shows the same words.
    expect(await pageOfBo()).toBe(text)
    expect(await letterToBo()).toBe(text)
    expect((await invite('')).status).toBe(400)
  })

  test('is text for the message of a form', async () => {
    const key = bo
    const { status } = await client.send('/profiles/html/invite.do', {
      method: 'POST',
      as: 'ann:colleagues',
      headers: { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'same-origin' },
      body: new URLSearchParams({ key, message: 'a <b> c\n& <script>' }).toString(),
    })
    expect(status).toBe(303)
    expect(await readByBo()).toBe('a &lt;b&gt; c\n&amp; &lt;script&gt;')
    expect([await pageOfBo(), await letterToBo()]).toEqual(['a <b> c\n& <script>', 'a <b> c\n& <script>'])
  })

  test('does not change the stored message', async () => {
    const message = '<script>alert(1)</script><p onclick="x()">Hi <!-- Bo --></p>'
    await invite(connectionEntry('pending', message))
    expect(await stored()).toEqual([message, message])
    expect(await readByBo()).toBe('<p>Hi </p>')
  })

  test('does not change the limit of 4,000 characters of a text', async () => {
    const text = '<'.repeat(4000)
    expect((await invite(withContent(`<content type="text">${escaped(text)}</content>`))).status).toBe(201)
    expect(await pageOfBo()).toBe(text)
    const longer = await invite(withContent(`<content type="text">${escaped(text)}x</content>`))
    expect(longer.text).toMatch(/at most 4000 characters; this one has 4001/)
  })

  test.each([
    ['<content type="image/png">aGk=</content>', /must be text, html or xhtml, not "image\/png"/],
    ['<content type="html" src="https://x.example/"/>', /must be inline/],
  ])('is refused: %s', async (content, reason) => {
    const { status, text } = await invite(withContent(content))
    expect(status).toBe(400)
    expect(child(parse(text), 'message').text).toMatch(reason)
  })
})
