import type { XMLBuilder } from 'xmlbuilder2/lib/interfaces.js'
import type { Account } from '../people/account.js'
import { join, type Markup, nothing, template } from './template.js'
import { type Addresses, mediaType, rel, SNX } from './vocabulary.js'

const identity = template<{ name: string; userId: string }>((at, hole) => {
  at.ele('name').txt(hole.text('name'))
  at.ele(SNX, 'snx:userid').txt(hole.text('userId'))
})

const email = template<{ email: string }>((at, hole) => at.ele('email').txt(hole.text('email')))

const state = template<{ state: string }>((at, hole) => at.ele(SNX, 'snx:userState').txt(hole.text('state')))

const external = template<{ external: string }>((at, hole) => at.ele(SNX, 'snx:isExternal').txt(hole.text('external')))

/** The children of an Atom person construct, in the order of the recordings. Unknown values are omitted. */
export function person(account: Account): Markup {
  return join([
    identity({ name: account.name, userId: account.userId }),
    account.email === null ? nothing : email({ email: account.email }),
    state(account),
    account.external === null ? nothing : external({ external: String(account.external) }),
  ])
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
  const links = template<{ key: string; millis: string }>((at, hole) => {
    for (const { href, rel, type } of relatedOf(to, hole.text('key'), hole.text('millis'))) link(at, href, rel, type)
  })
  return ({ key, updated }) => links({ key, millis: String(updated.getTime()) })
}
