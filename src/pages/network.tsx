import type { ViewerRelation } from '../connections/find.js'
import { textOfMessage } from '../connections/message.js'
import { type Colleague, type Status, statuses } from '../connections/model.js'
import { type Around, Count, type Frame, Isolated, Layout, Paging, type Sentence, write } from './layout.js'
import { to } from './links.js'
import { Actions, Relation, Person } from './people.js'
import { texts } from './texts.js'

/** The page of a list. */
interface NetworkPage extends Frame {
  readonly owner: { readonly key: string; readonly name: string }
  /** The second person, on a page of common colleagues. */
  readonly other?: { readonly name: string } | undefined
  readonly status: Status
  /** Lengths of the viewer's lists. Defined only on a page of the viewer's own list; entries then have buttons. */
  readonly totals?: Readonly<Record<Status, number>> | undefined
  /** Number of entries on all pages. */
  readonly total: number
  /** Each with the viewer's relation to the person; always `closed` in the viewer's own list. */
  readonly colleagues: readonly (Colleague & { readonly standing: ViewerRelation })[]
  readonly around: Around
  readonly here: string
}

/** Renders a list: the viewer's network, a person's colleagues, or common colleagues. Marked up as h-feed. */
export function networkPage(page: NetworkPage): string {
  const { viewer, owner, other, status, totals, colleagues, around, here } = page
  const title = titleOf(page)
  return write(
    <Layout {...page} title={title.text(...title.names)}>
      <div class="h-feed">
        <h1 class="p-name">
          <Isolated {...title} />
        </h1>
        {viewer === null && (
          <p>
            <Isolated {...publicTextOf(page)} /> <a href={to.signInThen(here)}>{texts.signInHere}</a>
          </p>
        )}
        {totals && <Lists totals={totals} current={status} />}
        {status === 'accepted' && !other && colleagues.length > 0 && (
          <p>
            <a href={to.picture(owner.key)}>{texts.seePicture}</a>
          </p>
        )}
        {colleagues.length === 0 ? (
          <p class="empty">
            <Isolated {...emptyTextOf(page)} />
          </p>
        ) : (
          <ul class="people">
            {colleagues.map((colleague) => (
              <Entry of={colleague} isMine={totals !== undefined} next={here} />
            ))}
          </ul>
        )}
        <Paging around={around} />
      </div>
    </Layout>,
  )
}

function titleOf({ totals, owner, other }: NetworkPage): Sentence {
  if (totals) return { text: () => texts.network, names: [] }
  if (other) return { text: texts.inCommonOf, names: [owner.name, other.name] }
  return { text: texts.listOf, names: [owner.name] }
}

const publicTextOf = ({ owner, other }: NetworkPage): Sentence =>
  other
    ? { text: texts.publicInCommonOf, names: [owner.name, other.name] }
    : { text: texts.publicOf, names: [owner.name] }

function emptyTextOf({ total, totals, status, owner, other }: NetworkPage): Sentence {
  if (total > 0) return { text: () => texts.emptyPage, names: [] }
  if (totals) return { text: () => texts.empty[status], names: [] }
  if (other) return { text: texts.noneSharedOf, names: [owner.name, other.name] }
  return { text: texts.emptyOf, names: [owner.name] }
}

const Lists = ({ totals, current }: { totals: Readonly<Record<Status, number>>; current: Status }) => (
  <nav class="tabs" aria-label={texts.lists}>
    {statuses.map((status) => (
      <a href={to.network(status)} aria-current={status === current ? 'page' : undefined}>
        {texts.list[status]} <Count of={totals[status]} />
      </a>
    ))}
  </nav>
)

function Entry({
  of: { id, peer, status, message, updated, standing },
  isMine,
  next,
}: {
  of: NetworkPage['colleagues'][number]
  isMine: boolean
  next: string
}) {
  return (
    <li class="h-entry">
      <data class="p-name" value={peer.name} />
      <data class="u-url" value={to.person(peer.key)} />
      <Person of={peer}>
        {isMine && status !== 'accepted' && message !== '' && (
          <blockquote class="e-content">
            <bdi>{textOfMessage(message)}</bdi>
          </blockquote>
        )}
        <p class="note">
          {texts.since[status]}{' '}
          <time class="dt-updated" dateTime={updated.toISOString()}>
            {texts.date(updated)}
          </time>
        </p>
        {isMine ? (
          <Actions name={peer.name} id={id} status={status} next={next} />
        ) : (
          <Relation standing={standing} person={peer} next={next} />
        )}
      </Person>
    </li>
  )
}
