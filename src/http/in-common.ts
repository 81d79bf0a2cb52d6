import type { RequestHandler } from 'express'
import type { Door } from './door.js'
import { showList } from './list.js'
import { readInCommonQuery } from './query.js'

/**
 * GET and HEAD of `connectionsInCommon.do`: the colleagues whom two people share, as a feed of the first one's entries
 * (wire reference, section 8). How many they are stands in a field with underscores, as clients know it.
 */
export function showInCommon(door: Door): RequestHandler {
  return showList(door, {
    address: door.atom.to.connectionsInCommon,
    read: readInCommonQuery,
    name: ({ named }, { owner, network }) => ({
      id: `${owner.key}:common:${network.other?.ownerId}`,
      title: `Connections in common of ${named}`,
    }),
    fields: ({ total }) => ({ X_Profiles_Connections_In_Common_Count: String(total) }),
  })
}
