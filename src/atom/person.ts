import type { XMLBuilder } from 'xmlbuilder2/lib/interfaces.js'
import type { Account, Person } from '../people/account.js'
import { characters, flag, type Markup, millis, type Plain, plain } from './markup.js'
import { type Template, template } from './template.js'
import { type Addresses, mediaType, rel, SNX } from './vocabulary.js'

/** The markup of a person that the entries about the person share. */
export interface Party {
  readonly name: Markup
  /** The children of an Atom person construct, in the order of the recordings. Unknown values are omitted. */
  readonly person: Markup
}

export function partyOf(account: Person): Party {
  const { userId, email, state, external } = account
  const name = characters(account.name)
  const construct = constructs[email === null ? 'without' : 'with'][external === null ? 'without' : 'with']
  const values = { name, userId, email: email ?? '', state: states[state], external: flag(external === true) }
  return { name, person: construct(values) }
}

interface Values {
  name: Markup
  userId: string
  email: string
  state: Plain
  external: Plain
}

const states: Record<Person['state'], Plain> = { active: plain('active'), inactive: plain('inactive') }

const construct = (hasEmail: boolean, hasExternal: boolean): Template<Values> =>
  template((at, hole) => {
    at.ele('name').txt(hole.markup('name'))
    at.ele(SNX, 'snx:userid').txt(hole.text('userId'))
    if (hasEmail) at.ele('email').txt(hole.text('email'))
    at.ele(SNX, 'snx:userState').txt(hole.plain('state'))
    if (hasExternal) at.ele(SNX, 'snx:isExternal').txt(hole.plain('external'))
  })

/** By whether the e-mail address is known, and whether the person is known to be external or not. */
const constructs = {
  with: { with: construct(true, true), without: construct(true, false) },
  without: { with: construct(false, true), without: construct(false, false) },
}

/** Remembers the latest result, since all entries of a list have the same owner. */
export function rememberLast<Key extends object, Result>(make: (key: Key) => Result): (key: Key) => Result {
  let last: { key: Key; result: Result } | undefined
  return (key) => {
    if (last?.key !== key) last = { key, result: make(key) }
    return last.result
  }
}

/** Adds a `link` element, with its attributes in the order of the recordings. */
export function link(at: XMLBuilder, href: string, rel: string, type: string): void {
  at.ele('link').att('href', href).att('rel', rel).att('type', type)
}

/** Adds a `category` element. A category without a scheme is a tag. */
export function category(at: XMLBuilder, term: string, scheme?: string): void {
  const element = at.ele('category').att('term', term)
  if (scheme !== undefined) element.att('scheme', scheme)
}

/**
 * The links from a profile feed or service document to related resources. Links of the wire to resources that this
 * server lacks are omitted.
 *
 * @param key of the person, or a template hole for it
 * @param changed last change of the profile in milliseconds, or a template hole for it
 */
export const relatedOf = (to: Addresses, key: string, changed: string) => [
  { href: to.colleagues(key, changed), rel: rel.colleague, type: mediaType.atom },
  { href: to.reportingChain(key), rel: rel.reportingChain, type: mediaType.atom },
  { href: to.profileType, rel: rel.profileType, type: mediaType.profileType },
]

/** Returns a function that writes these links for the head of a feed. */
export function relatedLinks(to: Addresses): (account: Account) => Markup {
  const links = template<{ key: Plain; millis: Plain }>((at, hole) => {
    for (const { href, rel, type } of relatedOf(to, hole.plain('key'), hole.plain('millis'))) link(at, href, rel, type)
  })
  return ({ key, updated }) => links({ key: plain(key), millis: millis(updated) })
}
