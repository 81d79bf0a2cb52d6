import type { Addresses } from '../atom/addresses.js'
import { letterPage } from './letter-page.js'
import type { Kind, Occasion } from './occasion.js'
import { isolated, plainMessage, plainName } from './plain.js'

/** What a letter says, each as plain text. */
export interface Letter {
  readonly subject: string
  readonly text: string
  readonly html: string
}

interface Words {
  subject: (person: string) => string
  news: (person: string) => string
  action: string
  to: (occasion: Occasion, addresses: Addresses) => string
}

const words: Record<Kind, Words> = {
  invited: {
    subject: (person) => `${person} invites you to connect`,
    news: (person) => `${person} would like to have you as a colleague.`,
    action: 'See your invitations',
    to: (_occasion, { connections }) => `${connections}?connectionType=colleague&status=pending`,
  },
  accepted: {
    subject: (person) => `${person} accepted your invitation`,
    news: (person) => `${person} accepted your invitation. You are colleagues now.`,
    action: 'See the profile',
    to: ({ person }, { profileView }) => profileView(person.key),
  },
}

const greeting = (recipient: string) => `Hello ${recipient},`
const introduction = (person: string) => `${person} writes:`
const reason = 'You get this letter because you have an account with Connections. It was sent automatically.'

/**
 * Writes a letter, as plain text and as a page that says the same.
 *
 * @param addresses where the resources stand that the letter links to
 */
export function letterOf(occasion: Occasion, addresses: Addresses): Letter {
  const { subject, news, action, to } = words[occasion.kind]
  const person = isolated(plainName(occasion.person.name))
  const message = plainMessage(occasion.message)
  const told = {
    subject: subject(person),
    greeting: greeting(isolated(plainName(occasion.recipient.name))),
    news: news(person),
    introduction: introduction(person),
    message,
    action,
    address: to(occasion, addresses),
    reason,
  }
  const quotation = message === '' ? [] : [told.introduction, message]
  const parts = [told.greeting, told.news, ...quotation, `${action}:\n${told.address}`, `-- \n${reason}`]
  return { subject: told.subject, text: `${parts.join('\n\n')}\n`, html: letterPage(told) }
}
