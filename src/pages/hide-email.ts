import type { Account } from '../people/account.js'
import { withoutAddresses, withoutDomains } from '../people/hide-email.js'

/**
 * What a page shows, on a site that hides e-mail addresses (docs/trust.md, Z3): the same values, wherever in them
 * people are without any, and so are their names.
 */
export const hideEmails = <Values>(values: Values): Values => shown(values, '') as Values

function shown(value: unknown, name: string): unknown {
  if (typeof value === 'string') return name === 'name' || name === 'title' ? withoutDomains(value) : value
  if (Array.isArray(value)) return value.map((each) => shown(each, name))
  if (typeof value !== 'object' || value === null || value instanceof Date) return value
  if ('email' in value && 'profile' in value) return withoutAddresses(value as Account)
  return Object.fromEntries(Object.entries(value).map(([own, each]) => [own, shown(each, own)]))
}
