import type { Account, Person } from './account.js'
import type { Profile } from './fields.js'

/** Decides how a site shows people, and how people can be named and found. Chosen once at startup (`presenterFor`). */
export interface Presenter {
  /** Whether people may be named by e-mail address. */
  readonly takesAddresses: boolean
  /** The account as the site shows it. */
  readonly account: <Shown extends Person>(person: Shown) => Shown
  /** The address as the site shows it; null if it does not. */
  readonly address: (email: string | null) => string | null
  /** The name, or a title that holds names, as the site shows it. */
  readonly name: (text: string) => string
  /** A data structure with accounts, names and titles in it, as the site shows them. */
  readonly values: <Values>(values: Values) => Values
  /** Whether a text may be part of a link. */
  readonly mayLink: (text: string) => boolean
  /**
   * Maps the kind of a search to the kinds of lexemes to look for. A capital letter is the kind of words that occur in
   * e-mail addresses only (`search-words.ts`).
   */
  readonly searchKinds: (kind: string) => readonly string[]
}

/** The presenter of a site. @param hidesEmail whether the site hides e-mail addresses (docs/trust.md, Z3) */
export const presenterFor = (hidesEmail: boolean): Presenter => (hidesEmail ? hidingEmails : showingEmails)

export const showingEmails: Presenter = {
  takesAddresses: true,
  account: (account) => account,
  address: (email) => email,
  name: (text) => text,
  values: (values) => values,
  mayLink: () => true,
  searchKinds: (kind) => [kind, kind.toUpperCase()],
}

export const hidingEmails: Presenter = {
  takesAddresses: false,
  account: withoutAddresses,
  address: () => null,
  name: withoutDomains,
  values: <Values>(values: Values) => valueWithout(values, '') as Values,
  mayLink: (text) => !mayHoldAddress(text),
  searchKinds: (kind) => [kind],
}

/** The at sign, characters that look like it, and its encoded forms in URLs and HTML. */
const at = /[@＠﹫]|%40|&#(?:64|x40)|&commat/i

/** Whether a text may hold an e-mail address. */
export const mayHoldAddress = (text: string): boolean => at.test(text)

/** Removes the e-mail addresses of a person, and all addresses in its texts. Ids stay, since they identify people. */
function withoutAddresses<Shown extends Person>(person: Shown): Shown {
  const { name, login, profile } = person as Person & Partial<Account>
  return {
    ...person,
    email: null,
    name: withoutDomains(name),
    ...(login !== undefined && { login: (login && cut(login)) || null }),
    ...(profile && { profile: profileWithout(profile) }),
  }
}

function profileWithout(profile: Profile): Profile {
  const values = Object.entries(profile).map(
    ([name, value]) => [name, name === 'groupwareEmail' ? '' : cutIn(value)] as const,
  )
  return Object.fromEntries(values.filter(([, value]) => value !== ''))
}

function cutIn(value: unknown): unknown {
  if (typeof value === 'string') return cut(value)
  if (Array.isArray(value)) return value.map(cutIn).filter((each) => each !== '')
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, cutIn(each)]))
}

const cut = (text: string) => replaced(text, () => '')

/** Replaces each address with its local part, since some people have no other name. */
function withoutDomains(text: string): string {
  return replaced(text, (local) => local)
}

function replaced(text: string, instead: (local: string) => string): string {
  if (!mayHoldAddress(text)) return text
  return text.replaceAll(/[^\s<>"(),:;[\]\\]+/g, (word) => {
    const place = word.search(at)
    return place > 0 ? instead(word.slice(0, place)) : word
  })
}

function valueWithout(value: unknown, name: string): unknown {
  if (typeof value === 'string') return name === 'name' || name === 'title' ? withoutDomains(value) : value
  if (Array.isArray(value)) return value.map((each) => valueWithout(each, name))
  if (typeof value !== 'object' || value === null || value instanceof Date) return value
  if ('email' in value && 'profile' in value) return withoutAddresses(value as Account)
  return Object.fromEntries(Object.entries(value).map(([own, each]) => [own, valueWithout(each, own)]))
}
