import fc from 'fast-check'
import { addresses } from '../../src/atom/vocabulary.js'
import type { EmailContent } from '../../src/mail/content.js'
import { emailOf } from '../../src/mail/email.js'
import { openPost } from '../../src/mail/smtp.js'
import { type MailServer, startMailServer } from '../support/mail-server.js'
import { parse } from '../support/xml.js'

const to = addresses('https://connections.example')
const content: EmailContent = {
  event: 'invited',
  recipient: { name: 'Bo', address: 'bo@example.com', hasAccount: true },
  person: { id: 'id', name: 'Ann Lee', key: '01900000-0000-7000-8000-000000000002' },
  message: 'Hello Bo,\r\n\r\nwe met <at> lunch & dinner.\n',
  title: null,
  url: null,
  isComplete: true,
  page: 'https://app.example/',
}
const invited = (more: Partial<EmailContent> = {}) => emailOf({ ...content, ...more }, to)
const from = (name: string) => invited({ person: { ...content.person, name } })

/** The page as a reader has it: that it is XML too makes it easy to look into. */
const shown = (html: string) => parse(html.replace('<!DOCTYPE html>\n', ''))

describe('an invitation', () => {
  test('in plain text', () => {
    const { subject, text } = invited()
    expect(subject).toBe('Ann Lee invites you to connect')
    expect(text).toBe(
      [
        'Hello Bo,',
        'Ann Lee would like to add you as a colleague.',
        'Ann Lee writes:',
        'Hello Bo,\n\nwe met <at> lunch & dinner.',
        'View your invitations:\n' +
          'https://connections.example/profiles/atom/connections.do?connectionType=colleague&status=pending',
        '-- \nYou received this automatic e-mail because you have an account with Connections.\n',
      ].join('\n\n'),
    )
  })

  test('as HTML, with the message line by line', () => {
    const { html } = invited()
    expect(html).toContain(
      '<div dir="auto">Hello Bo,</div><div dir="auto">\u00A0</div>' +
        '<div dir="auto">we met &lt;at&gt; lunch &amp; dinner.</div></blockquote>',
    )
    expect(html).toContain(
      'href="https://connections.example/profiles/atom/connections.do?connectionType=colleague&amp;',
    )
    expect(html).not.toMatch(/<\/(?:br|img|meta|hr|link)>|<script|url\(/)
  })

  test('without a message has no quotation', () => {
    const { html, text } = invited({ message: ' \n ' })
    expect(html).not.toContain('<blockquote')
    expect(text).not.toContain('writes:')
  })
})

test('an acceptance links to the profile and repeats no message', () => {
  const { subject, text, html } = invited({ event: 'accepted', message: '' })
  const profile = `https://connections.example/profiles/html/profileView.do?key=${content.person.key}`
  expect(subject).toBe('Ann Lee accepted your invitation')
  expect(text).toContain(`You are now colleagues.\n\nView profile:\n${profile}\n`)
  expect(html).toContain(`href="${profile}"`)
})

test.each([
  ['markup', '<img src=x onerror=alert(1)>&copy;', '<img src=x onerror=alert(1)>&copy;'],
  ['a header', 'Ann\r\nBcc: all@example.com', 'Ann Bcc: all@example.com'],
  ['other line breaks', 'A\u2028n\u0085n', 'A n n'],
  ['text that turns what follows', 'Ann\u202Egnp.exe', 'Ann gnp.exe'],
  ['right-to-left', 'שרה', '\u2068שרה\u2069'],
  ['emoji of several characters', 'Kit 👩🏽‍🔬', 'Kit 👩🏽‍🔬'],
  ['half a character', 'Ann\uD83D', 'Ann\uFFFD'],
  ['nothing to see', ' \u200F\n', 'Someone'],
  ['too much', '𝒦'.repeat(500), `${'𝒦'.repeat(100)}…`],
])('a name with %s', (_what, name, expected) => {
  const { subject, html } = from(name)
  expect(subject).toBe(`${expected} invites you to connect`)
  expect(shown(html).text).toContain(`${expected} would like`)
})

test.each([
  ['markup', '<b>&copy;', '“<b>&copy;”'],
  ['a header', 'Plan\r\nBcc: all@example.com', '“Plan Bcc: all@example.com”'],
  ['right-to-left', 'שרה', '“\u2068שרה\u2069”'],
  ['too much', 'x'.repeat(200), `“${'x'.repeat(100)}…”`],
])('a title with %s', (_what, title, expected) => {
  const { subject, text, html } = invited({ event: 'offered', title, message: '' })
  expect(subject).toBe(`Ann Lee invites you to ${expected}`)
  expect(text).toContain(`\n\nAnn Lee invites you to ${expected}.\n\n`)
  expect(shown(html).text).toContain(`Ann Lee invites you to ${expected}.`)
})

test('an invisible title is left out', () => {
  const subject = invited({ event: 'offered', title: '\u200F' }).subject
  expect(subject).toBe('Ann Lee would like to share something with you')
})

describe('in transit', () => {
  let server: MailServer
  beforeAll(async () => {
    server = await startMailServer()
  })
  afterAll(() => server.close())
  beforeEach(() => void server.received.splice(0))

  const id = '01900000-0000-7000-8000-00000000000a'
  const send = async (person: string, message: string) => {
    const post = openPost(server.url, { name: 'Connections, Inc.', address: 'post@example.com' }, 'connections.example')
    const email = invited({ person: { ...content.person, name: person }, message })
    await post({ ...email, id, to: { name: person, address: 'bo@example.com' } }, new AbortController().signal)
    return server.received.at(-1) as (typeof server.received)[number]
  }

  test('has headers and parts', async () => {
    const { mail, secure, raw } = await send('Ann Lee', 'Hello')
    expect(mail.from).toEqual({ name: 'Connections, Inc.', address: 'post@example.com' })
    expect(mail.messageId).toBe(`<${id}@connections.example>`)
    const headers = Object.fromEntries(mail.headers.map(({ key, value }) => [key, value]))
    expect(headers).toMatchObject({ 'auto-submitted': 'auto-generated', subject: 'Ann Lee invites you to connect' })
    expect(headers['content-type']).toMatch(/^multipart\/alternative/)
    expect(raw).toMatch(/text\/plain; charset=utf-8[^]*text\/html; charset=utf-8/)
    expect(secure).toBe(true)
  })

  test('carries 4,000 characters, also in one line', async () => {
    for (const message of ['Grüße 👋\n'.repeat(500).trim(), 'x'.repeat(4_000), '.\n'.repeat(2_000).trim()]) {
      const { mail } = await send('Ann', message)
      expect(mail.text?.replaceAll('\r\n', '\n')).toContain(`\n\n${message}\n\n`)
    }
  })

  const anyText = (maxLength: number) =>
    fc.oneof(
      fc.string({ unit: 'binary', maxLength }),
      fc.string({ unit: 'grapheme', maxLength }),
      fc.string({
        unit: fc.constantFrom('\r', '\n', '<', '&', '"', '=', '.', ' ', ':', '\u202E', 'é', 'ש', 'A'),
        maxLength,
      }),
      fc
        .array(fc.constantFrom('\r\nBcc: evil@example.com\r\n', '&copy;', '<b>', '=?utf-8?q?a?=', '\r\n.\r\n'))
        .map(String),
    )

  test('any name and message make one e-mail to one recipient', async () => {
    await fc.assert(
      fc.asyncProperty(anyText(150), anyText(400), async (name, message) => {
        const { mail, to: recipients } = await send(name, message)
        const lines = (text: string) => text.replaceAll(/\r\n?|[\u2028\u2029]/g, '\n').trim()
        expect(recipients).toEqual(['bo@example.com'])
        expect(mail.to?.map(({ address }) => address)).toEqual(['bo@example.com'])
        expect(mail.bcc).toBeUndefined()
        expect(mail.subject).toMatch(/invites you to connect$/)
        expect(mail.headers.filter(({ key }) => key === 'subject')).toHaveLength(1)
        expect(lines(mail.text ?? '')).toContain(lines(message))
        expect(() => shown((mail.html ?? '').trim().replaceAll('\r\n', '\n'))).not.toThrow()
      }),
      { numRuns: 60 },
    )
  })
})
