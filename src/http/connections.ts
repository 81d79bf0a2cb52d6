import type { RequestHandler } from 'express'
import type { Caller } from '../accounts/account.js'
import type { PageLinks } from '../atom/feed.js'
import { mediaType } from '../atom/vocabulary.js'
import type { AtomWriter } from '../atom/writer.js'
import type { Network, Page } from '../connections/connection.js'
import { openList, readList } from '../connections/list.js'
import { isOwner } from '../connections/rules.js'
import { entityTag, type Validators } from './conditional.js'
import { type Door, searchOf } from './door.js'
import { chooseEncoding } from './encoding.js'
import { linkField, pageLinks, selfLink } from './paging.js'
import { type ConnectionsQuery, readConnectionsQuery } from './query.js'
import { answeredNotModified, sendDocument } from './respond.js'

/** GET and HEAD of `connections.do`: a list of a person's connections as a feed (seed; wire reference, section 4). */
export function showConnections(door: Door): RequestHandler {
  const { atom, release } = door
  return async (request, response) => {
    const query = readConnectionsQuery(searchOf(request))
    const caller = await door.identify(request)
    const network = await openList(door, caller, query.list)

    const encoding = chooseEncoding(request)
    const asked = [release, selfLink(atom.to.connections, query.parameters), viewerClass(caller, network)]
    const validatorsOf = (state: Network): Validators => ({
      tag: entityTag([...asked, state.ownerId, state.version, state.waiting?.version], encoding),
      changed: lastChange(state),
    })
    const now = door.now()
    if (answeredNotModified(request, response, validatorsOf(network), now)) return

    const page = await readList(door, caller, network, query.list)
    const links = pageLinks(atom.to.connections, query, page)
    const text = feed(atom, query, isOwner(caller, network.ownerId), page, links)
    const type = `${mediaType.atom};charset=UTF-8`
    const validators = validatorsOf(page.network)
    await sendDocument(response, { text, type, encoding, validators, now, link: linkField(links) })
  }
}

/** Viewers of one class see the same of a list. */
const viewerClass = (caller: Caller, { ownerId }: Network): string =>
  caller === null ? 'nobody' : isOwner(caller, ownerId) ? 'owner' : 'other'

const lastChange = ({ changed, waiting }: Network): Date =>
  waiting && waiting.changed > changed ? waiting.changed : changed

function feed(
  atom: AtomWriter,
  { list, outputType, form, includeMessage }: ConnectionsQuery,
  forOwner: boolean,
  { network, owner, total, waitingTotal, colleagues }: Page,
  links: PageLinks,
): string {
  return atom.feed({
    id: `${owner.key}:${list.status}`,
    title: `Connections of ${owner.name}`,
    updated: lastChange(network),
    totalResults: total,
    startIndex: (list.page - 1) * list.pageSize + 1,
    itemsPerPage: list.pageSize,
    pendingInvitations: waitingTotal,
    links,
    entries: colleagues.map((colleague) =>
      outputType === 'profile'
        ? atom.profiles.entry(colleague.peer, form, { connectionId: colleague.id })
        : atom.connections.entry(colleague, includeMessage && forOwner),
    ),
  })
}
