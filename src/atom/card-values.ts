import type { Account } from '../people/account.js'
import { addressFields, type Profile } from '../people/fields.js'
import { instant, type Markup, millis, type Plain, plain } from './markup.js'

/** The values of an hCard or vCard that are not fields of the profile. */
export interface CardValues {
  key: Plain
  millis: Plain
  name: string
  userId: string
  login: string
  email: string
  tags: string
  isManager: Plain
  profileType: string
  rev: Plain
}

/** The parts of a card with a markup of their own. A part that a form of card lacks is empty. */
export interface CardParts {
  emailLink: Markup
  address: Markup
  extensions: Markup
}

/** Returns the card values of an account. An absent value becomes an empty string. */
export function cardValues({ key, updated, name, userId, login, email, profile }: Account): CardValues {
  const { tags, isManager, profileType = 'default' } = profile
  return {
    key: plain(key),
    millis: millis(updated),
    name,
    userId,
    login: login ?? '',
    email: email ?? '',
    tags: tags?.join(',') ?? '',
    isManager: isManager === undefined ? unknown : isManager ? yes : no,
    profileType,
    rev: instant(updated),
  }
}

const unknown = plain('')
const yes = plain('Y')
const no = plain('N')

/** Whether a profile has a part of the work address. */
export const hasAddress = (profile: Profile): boolean => addressFields.some((name) => (profile[name] ?? '') !== '')
