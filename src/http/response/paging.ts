import type { PageLinks } from '../../atom/feed.js'
import type { Page, Position } from '../../connections/model.js'
import type { Person } from '../../people/account.js'
import type { Presenter } from '../../people/hide-email.js'
import { type ConnectionsQuery, writePosition } from '../request/lists.js'
import { type Parameters, writeParameters } from '../request/parameters.js'

/** The URL of a resource with the parameters of the request, re-encoded. */
export function selfLink(resource: string, parameters: Parameters): string {
  return parameters.length === 0 ? resource : `${resource}?${writeParameters(parameters)}`
}

/** Creates a function that returns the URL of a page: the parameters of the request with another page number. */
function pagesOf(resource: string, parameters: Parameters, pageSize: number) {
  const kept = parameters.filter(([name]) => name !== 'page' && name !== 'ps' && name !== 'pos')
  return (number: number, more: Parameters = []) =>
    selfLink(resource, [...kept, ...more, ['page', String(number)], ['ps', String(pageSize)]])
}

/**
 * The links of a page (docs/wire.md, Paging). A link to the first or last page is left out on that page. `next` and
 * `previous` contain a cursor, so that following them visits every remaining entry exactly once. If the site hides
 * e-mail addresses, a cursor is left out if its name may contain one.
 */
export function pageLinks(
  resource: string,
  { list, parameters }: ConnectionsQuery,
  page: Page<Person>,
  { mayLink }: Presenter,
): PageLinks {
  const pageAt = pagesOf(resource, parameters, list.pageSize)
  const to = (number: number, position?: Position) =>
    pageAt(number, position && isShown(position) ? [['pos', writePosition(position, { ...list, page: number })]] : [])
  const isShown = (position: Position) => !('name' in position) || mayLink(position.name)
  const { total } = page
  if (total === 0) return { self: selfLink(resource, parameters) }
  const lastPage = Math.ceil(total / list.pageSize)
  const isPastEnd = page.colleagues.length === 0 && list.page > lastPage
  return {
    self: selfLink(resource, parameters),
    ...((list.page > 1 || page.previous) && { first: to(1) }),
    ...(isPastEnd && { previous: to(lastPage) }),
    ...(page.previous && { previous: to(Math.max(1, list.page - 1), page.previous) }),
    ...(page.next && { next: to(list.page + 1, page.next) }),
    ...(list.page !== lastPage && { last: to(lastPage) }),
  }
}

/** As `pageLinks`, for a list that has page numbers but no cursors. */
export function numberedLinks(
  resource: string,
  { page, pageSize, parameters }: { page: number; pageSize: number; parameters: Parameters },
  total: number,
): PageLinks {
  const to = pagesOf(resource, parameters, pageSize)
  const self = selfLink(resource, parameters)
  if (total === 0) return { self }
  const lastPage = Math.ceil(total / pageSize)
  return {
    self,
    ...(page > 1 && { first: to(1), previous: to(Math.min(page - 1, lastPage)) }),
    ...(page < lastPage && { next: to(page + 1) }),
    ...(page !== lastPage && { last: to(lastPage) }),
  }
}

/** The links as a `Link` field (RFC 8288), so that clients can page through a list with HEAD requests. */
export function linkField(links: PageLinks): string {
  return Object.entries(links)
    .map(([rel, href]) => `<${href}>; rel="${rel}"`)
    .join(', ')
}
