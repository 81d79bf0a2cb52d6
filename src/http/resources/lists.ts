import type { ProfileForm } from '../../atom/profile-entry.js'
import type { Markup } from '../../atom/template.js'
import { feedTitles, mediaType } from '../../atom/vocabulary.js'
import { type OpenList, openList } from '../../connections/list.js'
import { prepareMessages } from '../../connections/message.js'
import type { Network, Page } from '../../connections/model.js'
import { isOwner } from '../../connections/rules.js'
import type { Caller, Person } from '../../people/account.js'
import type { Handler, Written } from '../answer.js'
import { admit } from '../caller.js'
import { remembered } from '../fast/remembered.js'
import { inChunks } from '../load.js'
import { type ConnectionsQuery, readConnectionsQuery, readInCommonQuery } from '../request/lists.js'
import { pageLinks, selfLink } from '../response/paging.js'
import { entityTag, type Validators } from '../response/validators.js'
import type { HttpServices } from '../services.js'

/** Longer pages count as expensive (`load.ts`). */
export const longPage = 100

/** A resource that shows a list as a feed. */
interface ListResource<Query extends ConnectionsQuery> {
  readonly address: string
  /** Reads the parameters. Throws Failure `invalid`. */
  readonly parse: (search: string) => Query
  /** The feed's title, and the variable part of its id. */
  readonly name: (query: Query, page: Page<Person>) => { id: string; title: string }
  /** Additional header fields. */
  readonly fields?: (page: Page<Person>) => Record<string, string>
}

/** Handles GET and HEAD of a list. Reads the entries only if the client's copy is stale. */
function showList<Query extends ConnectionsQuery>(services: HttpServices, resource: ListResource<Query>): Handler {
  const read = remembered((search) => {
    const query = resource.parse(search)
    return { query, self: selfLink(resource.address, query.parameters) }
  })
  return async (exchange) => {
    const { query, self } = read(exchange.search)
    const { caller, state, ...list } = await openList(services, admit(services, exchange), query.list)

    const viewer = viewerClass(caller, state.ownerId)
    const validatorsOf = (known: Network): Validators => ({
      tag: entityTag([services.release, self, viewer, ...tagParts(known)]),
      changed: lastChange(known),
    })
    const write = async (): Promise<Written> => {
      if (query.list.pageSize > longPage) await exchange.turn()
      const { page, entries } = await written(services, list, query, isOwner(caller, state.ownerId))
      const links = pageLinks(resource.address, query, page, services.presenter)
      const content = services.atom.feed({ ...headOf(query, page), ...resource.name(query, page), links, entries })
      return { content, links, validators: validatorsOf(page.network), fields: resource.fields?.(page) }
    }
    return { status: 200, type: `${mediaType.atom};charset=UTF-8`, validators: validatorsOf(state), write }
  }
}

interface WrittenPage {
  readonly page: Page<Person>
  readonly entries: readonly Markup[]
}

/** Reads a page and writes its entries. */
function written(
  services: HttpServices,
  list: Pick<OpenList, 'read' | 'readPersons'>,
  { outputType, form, includeMessage }: ConnectionsQuery,
  isOwn: boolean,
): Promise<WrittenPage> {
  if (outputType === 'profile') return writtenProfiles(services, list, form)
  return writtenConnections(services, list, includeMessage && isOwn)
}

async function writtenProfiles(
  { atom }: HttpServices,
  { read }: Pick<OpenList, 'read'>,
  form: ProfileForm,
): Promise<WrittenPage> {
  const page = await read()
  const entries = await inChunks(page.colleagues, ({ id, peer }) =>
    atom.profiles.entry(peer, form, { connectionId: id }),
  )
  return { page, entries }
}

async function writtenConnections(
  { atom }: HttpServices,
  { readPersons }: Pick<OpenList, 'readPersons'>,
  showsMessage: boolean,
): Promise<WrittenPage> {
  const page = await readPersons()
  const { colleagues } = page
  if (showsMessage) await prepareMessages(colleagues.map(({ message }) => message))
  const entries = await inChunks(colleagues, (colleague) => atom.connections.entry(colleague, showsMessage))
  return { page, entries }
}

const headOf = ({ list }: ConnectionsQuery, { network, total, waitingTotal }: Page<Person>) => ({
  updated: lastChange(network),
  totalResults: total,
  startIndex: (list.page - 1) * list.pageSize + 1,
  itemsPerPage: list.pageSize,
  pendingInvitations: waitingTotal,
})

/** The class of a viewer. All viewers of one class see the same data of a person. */
export const viewerClass = (caller: Caller, ownerId: string): string =>
  caller === null ? 'nobody' : isOwner(caller, ownerId) ? 'owner' : 'other'

const tagParts = ({ ownerId, version, waiting, other }: Network) => [
  ownerId,
  version,
  waiting?.version,
  other?.ownerId,
  other?.version,
]

const lastChange = ({ changed, waiting, other }: Network): Date =>
  new Date(Math.max(...[changed, waiting?.changed, other?.changed].map((date) => date?.getTime() ?? 0)))

/**
 * GET and HEAD of `connections.do`: a list of a person's connections as a feed (docs/wire.md, Parameters of a list; The
 * feed).
 */
export function showConnections(services: HttpServices): Handler {
  return showList(services, {
    address: services.atom.to.connections,
    parse: readConnectionsQuery,
    name: ({ list }, { owner }) => ({
      id: `${owner.key}:${list.status}`,
      title: `${feedTitles[list.status]} ${owner.name}`,
    }),
  })
}

/**
 * GET and HEAD of `connectionsInCommon.do`: the common colleagues of two people, as a feed of the first person's
 * entries (docs/wire.md, Other resources). Clients expect the count in a header field of exactly this name, underscores
 * included.
 */
export function showInCommon(services: HttpServices): Handler {
  return showList(services, {
    address: services.atom.to.connectionsInCommon,
    parse: readInCommonQuery,
    name: ({ named }, { owner, network }) => ({
      id: `${owner.key}:common:${network.other?.ownerId}`,
      title: `Connections in common of ${named}`,
    }),
    fields: ({ total }) => ({ X_Profiles_Connections_In_Common_Count: String(total) }),
  })
}
