import type { RequestHandler } from 'express'
import { feedTitles, mediaType } from '../../atom/vocabulary.js'
import { openList, readList } from '../../connections/list.js'
import { prepareMessages } from '../../connections/message.js'
import type { Network, Page } from '../../connections/model.js'
import { isOwner } from '../../connections/rules.js'
import type { Caller } from '../../people/account.js'
import { chooseEncoding } from '../request/accept.js'
import { type ConnectionsQuery, readConnectionsQuery, readInCommonQuery } from '../request/lists.js'
import { linkField, pageLinks, selfLink } from '../response/paging.js'
import { answeredNotModified, inChunks, sendDocument } from '../response/send.js'
import { entityTag, type Validators } from '../response/validators.js'
import { type HttpServices, searchOf } from '../services.js'

/** With more entries than that a page is dear (`load.ts`). */
export const longPage = 50

/** A resource that shows a list as a feed. */
export interface ListResource<Query extends ConnectionsQuery> {
  readonly address: string
  /** Reads its parameters, or throws Failure `invalid`. */
  readonly read: (search: string) => Query
  /** What its feed is called: its id after the constant part, and its title. */
  readonly name: (query: Query, page: Page) => { id: string; title: string }
  /** Fields of its answer beside the usual ones. */
  readonly fields?: (page: Page) => Record<string, string>
}

/** GET and HEAD of such a resource: whether anything is new is known before the list is read. */
function showList<Query extends ConnectionsQuery>(
  services: HttpServices,
  resource: ListResource<Query>,
): RequestHandler {
  return async (request, response) => {
    const query = resource.read(searchOf(request))
    const caller = await services.identify(request)
    const network = await openList(services, caller, query.list)

    const encoding = chooseEncoding(request)
    const asked = [services.release, selfLink(resource.address, query.parameters), viewerClass(caller, network.ownerId)]
    const validatorsOf = (state: Network): Validators => ({
      tag: entityTag([...asked, ...identityOf(state)], encoding),
      changed: lastChange(state),
    })
    const now = services.now()
    if (answeredNotModified(request, response, validatorsOf(network), now)) return

    if (query.list.pageSize > longPage) await services.load.turn(request, response)
    const page = await readList(services, caller, network, query.list)
    const links = pageLinks(resource.address, query, page, services.config.HIDE_EMAIL)
    const { colleagues, total, waitingTotal } = page
    const includeMessage = query.includeMessage && isOwner(caller, network.ownerId)
    if (includeMessage) await prepareMessages(colleagues.map(({ message }) => message))
    const text = services.atom.feed({
      ...resource.name(query, page),
      updated: lastChange(page.network),
      totalResults: total,
      startIndex: (query.list.page - 1) * query.list.pageSize + 1,
      itemsPerPage: query.list.pageSize,
      pendingInvitations: waitingTotal,
      links,
      entries: await inChunks(colleagues, (colleague) =>
        query.outputType === 'profile'
          ? services.atom.profiles.entry(colleague.peer, query.form, { connectionId: colleague.id })
          : services.atom.connections.entry(colleague, includeMessage),
      ),
    })
    for (const [name, value] of Object.entries(resource.fields?.(page) ?? {})) response.setHeader(name, value)
    const type = `${mediaType.atom};charset=UTF-8`
    const validators = validatorsOf(page.network)
    await sendDocument(response, { text, type, encoding, validators, now, link: linkField(links) })
  }
}

/** Viewers of one class see the same of what is somebody's. */
export const viewerClass = (caller: Caller, ownerId: string): string =>
  caller === null ? 'nobody' : isOwner(caller, ownerId) ? 'owner' : 'other'

const identityOf = ({ ownerId, version, waiting, other }: Network) => [
  ownerId,
  version,
  waiting?.version,
  other && [other.ownerId, other.version],
]

const lastChange = ({ changed, waiting, other }: Network): Date =>
  new Date(Math.max(...[changed, waiting?.changed, other?.changed].map((date) => date?.getTime() ?? 0)))

/**
 * GET and HEAD of `connections.do`: a list of a person's connections as a feed (docs/wire.md, Parameters of a list; The
 * feed).
 */
export function showConnections(services: HttpServices): RequestHandler {
  return showList(services, {
    address: services.atom.to.connections,
    read: readConnectionsQuery,
    name: ({ list }, { owner }) => ({
      id: `${owner.key}:${list.status}`,
      title: `${feedTitles[list.status]} ${owner.name}`,
    }),
  })
}

/**
 * GET and HEAD of `connectionsInCommon.do`: the colleagues whom two people share, as a feed of the first one's entries
 * (docs/wire.md, Other resources). How many they are stands in a field with underscores, as clients know it.
 */
export function showInCommon(services: HttpServices): RequestHandler {
  return showList(services, {
    address: services.atom.to.connectionsInCommon,
    read: readInCommonQuery,
    name: ({ named }, { owner, network }) => ({
      id: `${owner.key}:common:${network.other?.ownerId}`,
      title: `Connections in common of ${named}`,
    }),
    fields: ({ total }) => ({ X_Profiles_Connections_In_Common_Count: String(total) }),
  })
}
