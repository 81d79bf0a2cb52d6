import type { Account } from './account.js'
import type { Profile } from './fields.js'

/** As it is, as another character that stands for it, in an address, and in HTML. */
const at = /[@＠﹫]|%40|&#(?:64|x40)|&commat/i

/** Whether a text may hold an e-mail address. */
export const mayHoldAddress = (text: string): boolean => at.test(text)

/**
 * A person without e-mail addresses, for a site that hides them (docs/trust.md, Z3): neither the own ones nor any that
 * stands in another text of the profile or for a login. Ids stay, as everything is named by them.
 */
export function withoutAddresses(account: Account): Account {
  const { login, name, profile } = account
  return {
    ...account,
    email: null,
    login: (login && cut(login)) || null,
    name: withoutDomains(name),
    profile: profileWithout(profile),
  }
}

function profileWithout(profile: Profile): Profile {
  const values = Object.entries(profile).map(
    ([name, value]) => [name, name === 'groupwareEmail' ? '' : cutIn(value)] as const,
  )
  return Object.fromEntries(values.filter(([, value]) => value !== ''))
}

/** Of each address in a text what stands before the sign: whoever has no other name is called by that. */
export const withoutDomains = (text: string): string => replaced(text, (local) => local)

const cut = (text: string) => replaced(text, () => '')

function replaced(text: string, instead: (local: string) => string): string {
  if (!mayHoldAddress(text)) return text
  return text.replaceAll(/[^\s<>"(),:;[\]\\]+/g, (word) => {
    const place = word.search(at)
    return place > 0 ? instead(word.slice(0, place)) : word
  })
}

function cutIn(value: unknown): unknown {
  if (typeof value === 'string') return cut(value)
  if (Array.isArray(value)) return value.map(cutIn).filter((each) => each !== '')
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, cutIn(each)]))
}
