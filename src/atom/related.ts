import type { Account } from '../accounts/account.js'
import type { Addresses } from './addresses.js'
import type { Markup } from './escape.js'
import { link } from './person.js'
import { template } from './template.js'
import { mediaType, rel } from './vocabulary.js'

/**
 * Where a profile feed and a service document lead to: of the links that the wire has there, those that are served.
 *
 * @param key of the person; like `changed`, its last change in milliseconds, it may be the hole of a template
 */
export const relatedOf = (to: Addresses, key: string, changed: string) => [
  { href: to.colleagues(key, changed), rel: rel.colleague, type: mediaType.atom },
  { href: to.reportingChain(key), rel: rel.reportingChain, type: mediaType.atom },
  { href: to.profileType, rel: rel.profileType, type: mediaType.profileType },
]

/** Writer of these links for the head of a feed. */
export function relatedLinks(to: Addresses): (account: Account) => Markup {
  const links = template<{ key: string; millis: string }>((at, hole) => {
    for (const { href, rel, type } of relatedOf(to, hole.text('key'), hole.text('millis'))) link(at, href, rel, type)
  })
  return ({ key, updated }) => links({ key, millis: String(updated.getTime()) })
}
