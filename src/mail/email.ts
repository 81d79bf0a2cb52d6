import { join, type Markup, nothing, template } from '../atom/template.js'
import type { Addresses } from '../atom/vocabulary.js'
import type { EmailContent } from './content.js'

/** What a letter says, part by part; all plain text. */
interface EmailParts {
  readonly subject: string
  readonly greeting: string
  readonly news: string
  readonly introduction: string
  /** Empty where there is none. */
  readonly message: string
  readonly action: string
  readonly address: string
  readonly reason: string
}

// No colours of text or ground but those of the button: the reader's own are right by day and by night. Void elements
// such as br are not needed, and a template writes them as XML does.
const page = template<Omit<EmailParts, 'introduction' | 'message'> & { quotation: Markup }>((at, hole) => {
  const html = at.ele('html', { lang: 'en' })
  html
    .ele('head')
    .ele('title')
    .txt(hole.text('subject'))
    .up()
    .ele('style')
    .txt(':root { color-scheme: light dark; supported-color-schemes: light dark }')
  html
    .ele('body', { style: 'margin: 0; padding: 24px; font: 16px/1.5 system-ui, sans-serif' })
    .ele('div', { style: 'max-width: 560px; margin: 0 auto; overflow-wrap: anywhere' })
    .ele('p')
    .txt(hole.text('greeting'))
    .up()
    .ele('p')
    .txt(hole.text('news'))
    .up()
    .txt(hole.markup('quotation'))
    .ele('p', { style: 'margin: 24px 0' })
    .ele('a', {
      href: hole.text('address'),
      style:
        'display: inline-block; padding: 10px 20px; border-radius: 6px; background: #1d5fbf; color: #ffffff; ' +
        'text-decoration: none; font-weight: 600',
    })
    .txt(hole.text('action'))
    .up()
    .up()
    .ele('p', { style: 'font-size: 13px; opacity: 0.75' })
    .txt(hole.text('reason'))
})

const quotation = template<{ introduction: string; lines: Markup }>((at, hole) => {
  at.ele('p').txt(hole.text('introduction'))
  at.ele('blockquote', {
    style: 'margin: 16px 0; padding: 0 16px; border-left: 4px solid #8aa4c8; white-space: pre-wrap',
  }).txt(hole.markup('lines'))
})

const line = template<{ line: string }>((at, hole) => {
  at.ele('div', { dir: 'auto' }).txt(hole.text('line'))
})

/** Lays a letter out as a page of HTML. */
function emailPage({ introduction, message, ...told }: EmailParts): string {
  // A line without anything would have no height.
  const lines = join(message.split('\n').map((each) => line({ line: each || '\u00A0' })))
  const quoted = message === '' ? nothing : quotation({ introduction, lines })
  return `<!DOCTYPE html>\n${page({ ...told, quotation: quoted })}`
}

/** What a letter says, each as plain text. */
export interface Email {
  readonly subject: string
  readonly text: string
  readonly html: string
}

const introduction = (person: string) => `${person} writes:`

const reasonOf = (hasAccount: boolean) => {
  const why = hasAccount ? 'you have an account with Connections' : 'somebody invited you at this address'
  return `You get this letter because ${why}. It was sent automatically.`
}

/**
 * Writes a letter, as plain text and as a page that says the same.
 *
 * @param addresses where the resources stand that the letter links to
 */
export function emailOf(occasion: EmailContent, addresses: Addresses): Email {
  const { recipient, title } = occasion
  const person = isolated(plainName(occasion.person.name))
  const named = title === null ? '' : isolated(plainLine(title))
  const what = named === '' ? null : `“${named}”`
  const { subject, news, action, address } = words[occasion.news](person, what, occasion, addresses)
  const message = plainMessage(occasion.message)
  const told = {
    subject,
    greeting: recipient.name === null ? 'Hello,' : `Hello ${isolated(plainName(recipient.name))},`,
    news,
    introduction: introduction(person),
    message,
    action,
    address,
    reason: reasonOf(recipient.hasAccount),
  }
  const quotation = message === '' ? [] : [told.introduction, message]
  const parts = [told.greeting, news, ...quotation, `${action}:\n${address}`, `-- \n${told.reason}`]
  return { subject, text: `${parts.join('\n\n')}\n`, html: emailPage(told) }
}

/** In what letters differ. */
interface Words {
  readonly subject: string
  readonly news: string
  /** What the link is called, and where it leads. */
  readonly action: string
  readonly address: string
}

type Write = (person: string, what: string | null, occasion: EmailContent, addresses: Addresses) => Words

const theProfile = ({ person }: EmailContent, { profileView }: Addresses) => ({
  action: 'See the profile',
  address: profileView(person.key),
})

/** What there is to tell, given the other person's name and that of what is offered, as both can stand in a sentence. */
const words: Record<EmailContent['news'], Write> = {
  invited: (person, _what, { url }, { connections }) => ({
    subject: `${person} invites you to connect`,
    news: `${person} would like to have you as a colleague.`,
    ...(url === null
      ? { action: 'See your invitations', address: `${connections}?connectionType=colleague&status=pending` }
      : { action: 'See the invitation', address: url }),
  }),
  accepted: (person, _what, occasion, addresses) => ({
    subject: `${person} accepted your invitation`,
    news: `${person} accepted your invitation. You are colleagues now.`,
    ...theProfile(occasion, addresses),
  }),
  joined: (person, _what, occasion, addresses) => ({
    subject: `You are connected with ${person}`,
    news: `You and ${person} are colleagues now.`,
    ...theProfile(occasion, addresses),
  }),
  offered: (person, what, { url, page }) => ({
    subject: what === null ? `${person} would like to share something with you` : `${person} invites you to ${what}`,
    news: what === null ? `${person} would like to share something with you.` : `${person} invites you to ${what}.`,
    action: 'See the invitation',
    address: url ?? page,
  }),
  connected: (person, what, { page }) => ({
    subject: what === null ? `${person} shares something with you` : `${person} connected you with ${what}`,
    news: what === null ? `${person} shares something with you.` : `${person} connected you with ${what}.`,
    action: 'See it',
    address: page,
  }),
}

const maxNameLength = 100

/** Breaks and controls, and what turns the direction of the text that follows. */
const unseen = /[\p{Cc}\p{Zl}\p{Zp}\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/gu

const rightToLeft = /[\u0590-\u08FF\uFB1D-\uFDFF\uFE70-\uFEFC\u{10800}-\u{10FFF}\u{1E800}-\u{1EFFF}]/u

/** A name as it can stand inside a sentence or a header, and never empty. */
export const plainName = (name: string): string => plainLine(name) || 'Somebody'

/** One line, not too long, of what can be seen. */
function plainLine(name: string): string {
  const line = name.toWellFormed().replaceAll(unseen, ' ').replaceAll(/\s+/g, ' ').trim()
  const characters = Array.from(line)
  return characters.length > maxNameLength ? `${characters.slice(0, maxNameLength).join('').trim()}…` : line
}

/** A plain name that keeps its direction to itself, where it has another than the sentence. */
const isolated = (name: string): string => (rightToLeft.test(name) ? `\u2068${name}\u2069` : name)

/** A message with one kind of line break, and none around it. */
const plainMessage = (message: string): string =>
  message
    .toWellFormed()
    .replaceAll(/\r\n?|[\u2028\u2029]/g, '\n')
    .replace(/^\s*\n/, '')
    .trimEnd()
