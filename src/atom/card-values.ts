import type { Account } from '../people/account.js'
import { type TextField, textFieldNames } from '../people/fields.js'

/** The values of an hCard or vCard, as text. */
export type CardValues = { [Name in TextField]: string } & {
  name: string
  key: string
  userId: string
  login: string
  email: string
  /** A `mailto:` link. Characters with a meaning in URLs are percent-encoded. */
  mailto: string
  rev: string
  millis: string
  tags: string
  isManager: string
}

/** Returns the card values of an account. An absent value becomes an empty string. */
export function cardValues({ profile, ...account }: Account): CardValues {
  const texts = Object.fromEntries(textFieldNames.map((name) => [name, profile[name] ?? '']))
  return {
    ...(texts as { [Name in TextField]: string }),
    profileType: profile.profileType ?? 'default',
    name: account.name,
    key: account.key,
    userId: account.userId,
    login: account.login ?? '',
    email: account.email ?? '',
    mailto: `mailto:${(account.email ?? '').replaceAll(/[%?&#]/g, encodeURIComponent)}`,
    rev: account.updated.toISOString(),
    millis: String(account.updated.getTime()),
    tags: (profile.tags ?? []).join(','),
    isManager: profile.isManager === undefined ? '' : profile.isManager ? 'Y' : 'N',
  }
}
