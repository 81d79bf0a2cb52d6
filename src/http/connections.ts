import type { RequestHandler } from 'express'
import type { Door } from './door.js'
import { feedTitles } from '../atom/vocabulary.js'
import { showList } from './list.js'
import { readConnectionsQuery } from './query.js'

/** GET and HEAD of `connections.do`: a list of a person's connections as a feed (seed; wire reference, section 4). */
export function showConnections(door: Door): RequestHandler {
  return showList(door, {
    address: door.atom.to.connections,
    read: readConnectionsQuery,
    name: ({ list }, { owner }) => ({
      id: `${owner.key}:${list.status}`,
      title: `${feedTitles[list.status]} ${owner.name}`,
    }),
  })
}
