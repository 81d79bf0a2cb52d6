import type { RequestHandler } from 'express'
import type { Account } from '../accounts/account.js'
import { findLastChange } from '../accounts/last-change-store.js'
import { findNamed } from '../accounts/several-store.js'
import { mediaType } from '../atom/vocabulary.js'
import { answerWith } from './answer.js'
import { inChunks } from './chunks.js'
import { digestOf } from './conditional.js'
import { type Door, searchOf } from './door.js'
import { newestOf } from './people-feed.js'
import { selfLink } from './paging.js'
import { readPeopleQuery } from './profile-query.js'
import { callerOf, identifyViewer } from './viewer.js'

/**
 * GET and HEAD of `profile.do`: a feed of one person or of several (wire reference, section 8). Whoever is unknown is
 * left out, so that the feed may be empty.
 */
export function showProfiles(door: Door): RequestHandler {
  const { atom } = door
  return async (request, response) => {
    const { people, form, parameters } = readPeopleQuery(searchOf(request))
    const caller = await identifyViewer(door, request)
    const asked = people ?? ownName(callerOf(caller))
    const accounts = await findNamed(door.db, asked)

    const updated = newestOf(accounts) ?? (await findLastChange(door.db))
    const links = { self: selfLink(atom.to.profiles, parameters) }
    const [only] = asked.values.length === 1 ? accounts : []
    await answerWith(door, request, response, {
      type: `${mediaType.atom};charset=UTF-8`,
      madeOf: [links.self, accounts, updated],
      changed: updated,
      links,
      write: async () =>
        atom.feed({
          id: `profile:${only?.key ?? digestOf([asked.by, asked.values])}`,
          title: `profile with ${asked.parameter} ${asked.raw}`,
          updated,
          isComplete: true,
          ...(only && { related: atom.related(only) }),
          links,
          entries: await inChunks(accounts, (account) => atom.profiles.entry(account, form)),
        }),
    })
  }
}

const ownName = ({ userId }: Account) => ({
  by: 'userId' as const,
  values: [userId],
  parameter: 'userid',
  raw: userId,
})
