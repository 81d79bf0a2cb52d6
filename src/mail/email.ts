import { join, type Markup, nothing, template } from '../atom/template.js'
import type { Addresses } from '../atom/vocabulary.js'
import type { EmailContent } from './content.js'

export interface Email {
  readonly subject: string
  readonly text: string
  readonly html: string
}

/**
 * Writes an e-mail as plain text and as HTML with the same content.
 *
 * @param addresses the URLs of linked resources
 */
export function emailOf(content: EmailContent, addresses: Addresses): Email {
  const { recipient } = content
  const person = isolated(plainName(content.person.name))
  const plainTitle = content.title === null ? '' : isolated(plainLine(content.title))
  const title = plainTitle === '' ? null : `“${plainTitle}”`
  const { subject, summary, action, address } = wordings[content.event](person, title, content, addresses)
  const message = plainMessage(content.message)
  const parts = {
    subject,
    greeting: recipient.name === null ? 'Hello,' : `Hello ${isolated(plainName(recipient.name))},`,
    summary,
    introduction: introduction(person),
    message,
    action,
    address,
    reason: reasonOf(recipient.hasAccount),
  }
  const quotation = message === '' ? [] : [parts.introduction, message]
  const paragraphs = [parts.greeting, summary, ...quotation, `${action}:\n${address}`, `-- \n${parts.reason}`]
  return { subject, text: `${paragraphs.join('\n\n')}\n`, html: emailPage(parts) }
}

interface Wording {
  readonly subject: string
  readonly summary: string
  /** The text of the link; `address` is its target. */
  readonly action: string
  readonly address: string
}

/** Writes the texts for an event. `person` and `title` are ready for use in a sentence. */
type Writer = (person: string, title: string | null, content: EmailContent, addresses: Addresses) => Wording

const profileLink = ({ person }: EmailContent, { profileView }: Addresses) => ({
  action: 'View profile',
  address: profileView(person.key),
})

const wordings: Record<EmailContent['event'], Writer> = {
  invited: (person, _title, { url }, { connections }) => ({
    subject: `${person} invites you to connect`,
    summary: `${person} would like to add you as a colleague.`,
    ...(url === null
      ? { action: 'View your invitations', address: `${connections}?connectionType=colleague&status=pending` }
      : { action: 'View invitation', address: url }),
  }),
  accepted: (person, _title, content, addresses) => ({
    subject: `${person} accepted your invitation`,
    summary: `${person} accepted your invitation. You are now colleagues.`,
    ...profileLink(content, addresses),
  }),
  joined: (person, _title, content, addresses) => ({
    subject: `You are connected with ${person}`,
    summary: `You and ${person} are now colleagues.`,
    ...profileLink(content, addresses),
  }),
  offered: (person, title, { url, page }) => ({
    subject: title === null ? `${person} would like to share something with you` : `${person} invites you to ${title}`,
    summary:
      title === null ? `${person} would like to share something with you.` : `${person} invites you to ${title}.`,
    action: 'View invitation',
    address: url ?? page,
  }),
  connected: (person, title, { page }) => ({
    subject: title === null ? `${person} shared something with you` : `${person} shared ${title} with you`,
    summary: title === null ? `${person} shared something with you.` : `${person} shared ${title} with you.`,
    action: 'View',
    address: page,
  }),
}

const introduction = (person: string) => `${person} writes:`

const reasonOf = (hasAccount: boolean) => {
  const why = hasAccount ? 'you have an account with Connections' : 'someone invited you at this address'
  return `You received this automatic e-mail because ${why}.`
}

const maxNameLength = 100

/** Line breaks, other control characters, and marks that change the direction of text. */
const invisible = /[\p{Cc}\p{Zl}\p{Zp}\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/gu

const rightToLeft = /[\u0590-\u08FF\uFB1D-\uFDFF\uFE70-\uFEFC\u{10800}-\u{10FFF}\u{1E800}-\u{1EFFF}]/u

/** A name for use in a sentence or a header; never empty. */
export const plainName = (name: string): string => plainLine(name) || 'Someone'

/** One line of visible characters, cut to a maximum length. */
function plainLine(name: string): string {
  const line = name.toWellFormed().replaceAll(invisible, ' ').replaceAll(/\s+/g, ' ').trim()
  const characters = Array.from(line)
  return characters.length > maxNameLength ? `${characters.slice(0, maxNameLength).join('').trim()}…` : line
}

/** Isolates right-to-left text, so that it does not affect the direction of the sentence. */
const isolated = (name: string): string => (rightToLeft.test(name) ? `\u2068${name}\u2069` : name)

/** Converts line breaks to `\n`, and removes blank lines at the beginning and end. */
const plainMessage = (message: string): string =>
  message
    .toWellFormed()
    .replaceAll(/\r\n?|[\u2028\u2029]/g, '\n')
    .replace(/^\s*\n/, '')
    .trimEnd()

/** The parts of an e-mail, all plain text. */
interface EmailParts {
  readonly subject: string
  readonly greeting: string
  readonly summary: string
  readonly introduction: string
  /** May be empty. */
  readonly message: string
  readonly action: string
  readonly address: string
  readonly reason: string
}

function emailPage({ introduction, message, ...parts }: EmailParts): string {
  // An empty line needs a no-break space, since an empty `div` would have no height.
  const lines = join(message.split('\n').map((each) => line({ line: each || '\u00A0' })))
  const quoted = message === '' ? nothing : quotation({ introduction, lines })
  return `<!DOCTYPE html>\n${page({ ...parts, quotation: quoted })}`
}

// Only the button sets text and background colours, so that the light or dark scheme of the mail program applies. Void
// elements such as `br` are avoided, since the template would write them with an end tag.
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
    .txt(hole.text('summary'))
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
