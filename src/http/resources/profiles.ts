import type { RequestHandler } from 'express'
import { profileTypes } from '../../atom/documents.js'
import { mediaType } from '../../atom/vocabulary.js'
import { unknownPerson } from '../../connections/find.js'
import { Failure } from '../../errors.js'
import type { Account } from '../../people/account.js'
import { findLastChange } from '../../people/change-store.js'
import { findNamed } from '../../people/store.js'
import { readParameters, valueOf, wordAmong } from '../request/parameters.js'
import { readPeopleQuery, readPersonQuery } from '../request/profiles.js'
import { selfLink } from '../response/paging.js'
import { answerWith, inChunks } from '../response/send.js'
import { digestOf } from '../response/validators.js'
import { accountAsked, callerOf, type HttpServices, identifyViewer, searchOf } from '../services.js'

/**
 * GET and HEAD of `profile.do`: a feed of one person or of several (docs/wire.md, Other resources). Whoever is unknown
 * is left out, so that the feed may be empty.
 */
export function showProfiles(services: HttpServices): RequestHandler {
  const { atom } = services
  return async (request, response) => {
    const { people, form, parameters } = readPeopleQuery(searchOf(request))
    const caller = await identifyViewer(services, request)
    const asked = people ?? ownName(callerOf(caller))
    const accounts = await findNamed(services.db, asked)

    const updated = newestOf(accounts) ?? (await findLastChange(services.db))
    const links = { self: selfLink(atom.to.profiles, parameters) }
    const [only] = asked.values.length === 1 ? accounts : []
    await answerWith(services, request, response, {
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

/** What real servers send of a person who is unknown: nothing but this, which clients take for their own 404. */
const nobody = '<?xml version="1.0" encoding="UTF-8"?>'

/** GET and HEAD of `profileEntry.do`: one profile as a document (docs/wire.md, Naming a person; A profile entry). */
export function showProfileEntry(services: HttpServices): RequestHandler {
  const { atom } = services
  return async (request, response) => {
    const { person, form, parameters } = readPersonQuery(searchOf(request))
    const account = await accountAsked(services, request, person)
    await answerWith(services, request, response, {
      type: `${mediaType.atom};charset=UTF-8`,
      madeOf: [selfLink(atom.to.profileEntries, parameters), account],
      changed: account?.updated,
      write: () => (account ? atom.profiles.document(account, form) : nobody),
    })
  }
}

/**
 * GET and HEAD of `profileService.do`: from here a client finds the resources of a person (docs/wire.md, Other
 * resources).
 */
export function showProfileService(services: HttpServices): RequestHandler {
  const { atom } = services
  return async (request, response) => {
    const { person, parameters } = readPersonQuery(searchOf(request))
    const account = await accountAsked(services, request, person)
    if (!account) throw unknownPerson('invalid')
    await answerWith(services, request, response, {
      // The recorded servers put a blank here, unlike anywhere else.
      type: `${mediaType.service}; charset=UTF-8`,
      madeOf: [selfLink(atom.to.profileService, parameters), account],
      changed: account.updated,
      write: () => atom.service(account),
    })
  }
}

/** GET and HEAD of `profileType.do`: which properties profiles have. Without `type` it is `default`. */
export function showProfileType(services: HttpServices): RequestHandler {
  return async (request, response) => {
    const name = valueOf(readParameters(searchOf(request)), 'type')?.trim() ?? 'default'
    await identifyViewer(services, request)
    const type = wordAmong(name, profileTypes)
    if (!type) throw new Failure('notFound', `There is no such profile type, but there is ${profileTypes.join(', ')}.`)
    await answerWith(services, request, response, {
      type: `${mediaType.profileType};charset=UTF-8`,
      madeOf: ['profileType', type],
      write: () => services.atom.profileType(type),
    })
  }
}

/** GET and HEAD of `/vcard/profile.do`: a profile as a file for address books (docs/wire.md, Other resources). */
export function sendVcard(services: HttpServices): RequestHandler {
  return async (request, response) => {
    const { person } = readPersonQuery(searchOf(request))
    const account = await accountAsked(services, request, person)
    if (!account) throw unknownPerson('notFound')
    await answerWith(services, request, response, {
      type: `${mediaType.vcard};charset=UTF-8`,
      madeOf: ['vcard', services.baseUrl, account],
      changed: account.updated,
      fields: { 'Content-Disposition': `attachment; filename="${fileNameOf(account)}.vcf"` },
      write: () => services.atom.vcardFile(account),
    })
  }
}

/** The user id where it can be the name of a file anywhere, and the key where it cannot. */
const fileNameOf = ({ userId, key }: Account) => (/^\w[\w.-]{0,63}$/.test(userId) ? userId : key)

/**
 * The date of a feed of people: the last change among them, so that it stays as long as they do; of none, undefined.
 */
export const newestOf = (accounts: readonly Account[]): Date | undefined =>
  accounts.length > 0 ? new Date(Math.max(...accounts.map(({ updated }) => updated.getTime()))) : undefined
