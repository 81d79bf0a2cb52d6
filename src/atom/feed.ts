import { count, instant, join, type Markup, nothing, type Plain } from './markup.js'
import { link } from './person.js'
import { documentTemplate, template } from './template.js'
import { feedId, generator, HISTORY, mediaType, OPENSEARCH, SNX } from './vocabulary.js'

/** Absolute URLs of this page and its neighbours. A page that does not exist has no link. */
export interface PageLinks {
  readonly self: string
  readonly first?: string
  readonly previous?: string
  readonly next?: string
  readonly last?: string
}

export interface Feed {
  /** Unique for each list; appended to the constant feed id. */
  readonly id: string
  readonly title: string
  readonly updated: Date
  /** Paging numbers; undefined if the wire has none for this feed. */
  readonly totalResults?: number
  readonly startIndex?: number
  readonly itemsPerPage?: number
  readonly pendingInvitations?: number | undefined
  /** Whether this document contains the entire feed (RFC 5005, section 2). */
  readonly isComplete?: boolean
  readonly links: PageLinks
  /** Links to other resources. */
  readonly related?: Markup
  readonly entries: readonly Markup[]
}

const document = documentTemplate<{
  id: string
  title: string
  updated: Plain
  rest: Markup
}>((at, hole) => {
  const feed = at.ele('feed')
  feed.ele('id').txt(`${feedId}:${hole.text('id')}`)
  feed.ele('generator').att('version', generator.version).att('uri', generator.uri).txt(generator.name)
  feed.ele('title').att('type', 'text').txt(hole.text('title'))
  feed.ele('author').ele('name').txt(generator.name)
  feed.ele('updated').txt(hole.plain('updated'))
  feed.txt(hole.markup('rest'))
})

const number = (namespace: string, name: string) =>
  template<{ count: Plain }>((at, hole) => at.ele(namespace, name).txt(hole.plain('count')))

/** The key order is the order of these elements in a feed. */
const counts = {
  totalResults: number(OPENSEARCH, 'opensearch:totalResults'),
  startIndex: number(OPENSEARCH, 'opensearch:startIndex'),
  itemsPerPage: number(OPENSEARCH, 'opensearch:itemsPerPage'),
  pendingInvitations: number(SNX, 'snx:pendingInvitations'),
}

const pageLink = template<{ href: string; rel: string }>((at, hole) =>
  at.ele('link').att('href', hole.text('href')).att('rel', hole.text('rel')),
)

const complete = template<object>((at) => at.ele(HISTORY, 'fh:complete'))({})

const selfLink = template<{ href: string }>((at, hole) => link(at, hole.text('href'), 'self', mediaType.atom))

/** Writes a feed document (docs/wire.md, The feed). Its elements are in the order of the recordings. */
export function feedDocument(feed: Feed): Markup {
  const { id, title, updated, links, isComplete = false, related = nothing, entries } = feed
  return document({
    id,
    title,
    updated: instant(updated),
    rest: join([
      ...countNames.flatMap((name) => (feed[name] === undefined ? [] : counts[name]({ count: count(feed[name]) }))),
      ...pageRelations.flatMap((rel) => (links[rel] === undefined ? [] : pageLink({ href: links[rel], rel }))),
      isComplete ? complete : nothing,
      related,
      selfLink({ href: links.self }),
      ...entries,
    ]),
  })
}

const countNames = Object.keys(counts) as (keyof typeof counts)[]
const pageRelations = ['first', 'previous', 'next', 'last'] as const
