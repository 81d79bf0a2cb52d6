import type { RequestHandler } from 'express'
import { findAccount } from '../../accounts/store.js'
import { openList, readList } from '../../connections/list.js'
import { isOwner } from '../../connections/rules.js'
import { standingsWith } from '../../connections/standing.js'
import { networkPage } from '../../pages/network-page.js'
import { type Door, searchOf } from '../door.js'
import { type ListResource, longPage } from '../list.js'
import { pageLinks } from '../paging.js'
import type { ConnectionsQuery } from '../query.js'
import { answerWithPage, feedOf, frameFor } from './answer-page.js'

/** GET and HEAD of a list by a browser: the page of what the feed at the same address holds. */
export function showNetworkPage<Query extends ConnectionsQuery>(
  door: Door,
  { read }: Pick<ListResource<Query>, 'read'>,
): RequestHandler {
  return async (request, response) => {
    const query = read(searchOf(request))
    const caller = await door.identify(request)
    const network = await openList(door, caller, query.list)
    if (query.list.pageSize > longPage) await door.load.turn(request, response)
    const page = await readList(door, caller, network, query.list)
    const { status, inCommonWith } = query.list
    const other = inCommonWith && (await findAccount(door.db, inCommonWith))
    const isMine = isOwner(caller, network.ownerId) && !other
    const peers = page.colleagues.map(({ peer }) => peer)
    const standing = await standingsWith(door, isMine ? null : caller, peers)
    const frame = await frameFor(door, request, caller)
    const values = {
      ...frame,
      owner: page.owner,
      other,
      status,
      totals: isMine ? frame.viewer?.totals : undefined,
      total: page.total,
      colleagues: page.colleagues.map((colleague) => ({ ...colleague, standing: standing(colleague.peer) })),
      around: pageLinks(`..${request.path}`, query, page, door.config.HIDE_EMAIL),
      feed: feedOf(request),
    }
    await answerWithPage(door, request, response, values, networkPage)
  }
}
