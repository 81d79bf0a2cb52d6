import { join, type Markup, nothing } from './escape.js'
import { link } from './person.js'
import { documentTemplate, template } from './template.js'
import { feedId, generator, mediaType, OPENSEARCH, SNX } from './vocabulary.js'

/** Absolute addresses of this page and of those around it; absent where there is nothing to go to. */
export interface PageLinks {
  readonly self: string
  readonly first?: string
  readonly previous?: string
  readonly next?: string
  readonly last?: string
}

export interface Feed {
  /** What tells this list from all others, appended to the constant feed id. */
  readonly id: string
  readonly title: string
  readonly updated: Date
  readonly totalResults: number
  readonly startIndex: number
  readonly itemsPerPage: number
  readonly pendingInvitations: number | undefined
  readonly links: PageLinks
  readonly entries: readonly Markup[]
}

const document = documentTemplate<{
  id: string
  title: string
  updated: string
  totalResults: string
  startIndex: string
  itemsPerPage: string
  rest: Markup
}>((at, hole) => {
  const feed = at.ele('feed')
  feed.ele('id').txt(`${feedId}:${hole.text('id')}`)
  feed.ele('generator').att('version', generator.version).att('uri', generator.uri).txt(generator.name)
  feed.ele('title').att('type', 'text').txt(hole.text('title'))
  feed.ele('author').ele('name').txt(generator.name)
  feed.ele('updated').txt(hole.text('updated'))
  for (const number of ['totalResults', 'startIndex', 'itemsPerPage'] as const) {
    feed.ele(OPENSEARCH, `opensearch:${number}`).txt(hole.text(number))
  }
  feed.txt(hole.markup('rest'))
})

const pendingInvitations = template<{ count: string }>((at, hole) =>
  at.ele(SNX, 'snx:pendingInvitations').txt(hole.text('count')),
)

const pageLink = template<{ href: string; rel: string }>((at, hole) =>
  at.ele('link').att('href', hole.text('href')).att('rel', hole.text('rel')),
)

const selfLink = template<{ href: string }>((at, hole) => link(at, hole.text('href'), 'self', mediaType.atom))

/** Writes a feed document (wire reference, section 4.2); its parts stand in the order of the recordings. */
export function feedDocument(feed: Feed): Markup {
  const pending = feed.pendingInvitations
  return document({
    id: feed.id,
    title: feed.title,
    updated: feed.updated.toISOString(),
    totalResults: String(feed.totalResults),
    startIndex: String(feed.startIndex),
    itemsPerPage: String(feed.itemsPerPage),
    rest: join([
      pending === undefined ? nothing : pendingInvitations({ count: String(pending) }),
      ...pageRelations.flatMap((rel) =>
        feed.links[rel] === undefined ? [] : pageLink({ href: feed.links[rel], rel }),
      ),
      selfLink({ href: feed.links.self }),
      ...feed.entries,
    ]),
  })
}

const pageRelations = ['first', 'previous', 'next', 'last'] as const
