import type { Addresses } from '../atom/addresses.js'
import { letterPage } from './letter-page.js'
import type { Occasion } from './occasion.js'
import { isolated, plainLine, plainMessage, plainName } from './plain.js'
import { words } from './words.js'

/** What a letter says, each as plain text. */
export interface Letter {
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
export function letterOf(occasion: Occasion, addresses: Addresses): Letter {
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
  return { subject, text: `${parts.join('\n\n')}\n`, html: letterPage(told) }
}
