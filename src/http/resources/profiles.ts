import { profileTypes } from '../../atom/documents.js'
import { mediaType } from '../../atom/vocabulary.js'
import { unknownPerson } from '../../connections/find.js'
import { Failure } from '../../errors.js'
import type { Account, PersonRef } from '../../people/account.js'
import { findLastChange } from '../../people/change-store.js'
import { findAccount, findNamed } from '../../people/store.js'
import type { Answer, Handler } from '../answer.js'
import { admitViewer, personMeant, signedInViewer } from '../caller.js'
import type { Exchange } from '../exchange.js'
import { inChunks } from '../load.js'
import { readParameters, valueOf, wordAmong } from '../request/parameters.js'
import { readPeopleQuery, readPersonQuery } from '../request/profiles.js'
import { selfLink } from '../response/paging.js'
import { digestOf, entityTag } from '../response/validators.js'
import type { HttpServices } from '../services.js'

/**
 * GET and HEAD of `profile.do`: a feed of one person or of several (docs/wire.md, Other resources). Unknown people are
 * left out, so the feed may be empty.
 */
export function showProfiles(services: HttpServices): Handler {
  const { atom, db, release } = services
  return async (exchange) => {
    const { people, form, parameters } = readPeopleQuery(exchange.search)
    const caller = await admitViewer(services, exchange)
    const asked = people ?? ownName(signedInViewer(caller))
    const accounts = await findNamed(db, asked)

    const updated = newestOf(accounts) ?? (await findLastChange(db))
    const links = { self: selfLink(atom.to.profiles, parameters) }
    const [only] = asked.values.length === 1 ? accounts : []
    return {
      status: 200,
      type: `${mediaType.atom};charset=UTF-8`,
      validators: { tag: entityTag([release, links.self, accounts, updated]) },
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
    }
  }
}

const ownName = ({ userId }: Account) => ({
  by: 'userId' as const,
  values: [userId],
  parameter: 'userid',
  raw: userId,
})

/** The answer of the original servers for an unknown person. Clients treat it as a 404. */
const emptyDocument = '<?xml version="1.0" encoding="UTF-8"?>'

/** GET and HEAD of `profileEntry.do`: one profile as a document (docs/wire.md, Naming a person; A profile entry). */
export function showProfileEntry(services: HttpServices): Handler {
  const { atom } = services
  return async (exchange) => {
    const { person, form, parameters } = readPersonQuery(exchange.search)
    const account = await accountAsked(services, exchange, person)
    return {
      ...profileAnswer(services, [selfLink(atom.to.profileEntries, parameters), account], account),
      type: `${mediaType.atom};charset=UTF-8`,
      write: () => (account ? atom.profiles.document(account, form) : emptyDocument),
    }
  }
}

/** GET and HEAD of `profileService.do`: links to the resources of a person (docs/wire.md, Other resources). */
export function showProfileService(services: HttpServices): Handler {
  const { atom } = services
  return async (exchange) => {
    const { person, parameters } = readPersonQuery(exchange.search)
    const account = await accountAsked(services, exchange, person)
    if (!account) throw unknownPerson('invalid')
    return {
      ...profileAnswer(services, [selfLink(atom.to.profileService, parameters), account], account),
      // The original servers put a space here, unlike in other types.
      type: `${mediaType.service}; charset=UTF-8`,
      write: () => atom.service(account),
    }
  }
}

/** GET and HEAD of `profileType.do`: the properties that profiles have. `type` is `default` if it is not given. */
export function showProfileType(services: HttpServices): Handler {
  const { atom, release } = services
  return async (exchange) => {
    const name = valueOf(readParameters(exchange.search), 'type')?.trim() ?? 'default'
    await admitViewer(services, exchange)
    const type = wordAmong(name, profileTypes)
    if (!type) throw new Failure('notFound', `Unknown profile type; use ${profileTypes.join(' or ')}.`)
    return {
      status: 200,
      type: `${mediaType.profileType};charset=UTF-8`,
      validators: { tag: entityTag([release, 'profileType', type]) },
      write: () => atom.profileType(type),
    }
  }
}

/** GET and HEAD of `/vcard/profile.do`: a profile as a file for address books (docs/wire.md, Other resources). */
export function sendVcard(services: HttpServices): Handler {
  const { atom, baseUrl } = services
  return async (exchange) => {
    const { person } = readPersonQuery(exchange.search)
    const account = await accountAsked(services, exchange, person)
    if (!account) throw unknownPerson('notFound')
    return {
      ...profileAnswer(services, ['vcard', baseUrl, account], account),
      type: `${mediaType.vcard};charset=UTF-8`,
      fields: { 'Content-Disposition': `attachment; filename="${fileNameOf(account)}.vcf"` },
      write: () => atom.vcardFile(account),
    }
  }
}

/**
 * The answer about one account, without its content. The date is not used to validate a cached copy: imported profiles
 * keep the date of their source, so two versions may have the same date.
 */
const profileAnswer = (
  { release }: HttpServices,
  tagParts: readonly unknown[],
  account: Account | undefined,
): Answer => ({ status: 200, validators: { tag: entityTag([release, ...tagParts]) }, changed: account?.updated })

/** The account that a request names, by default the viewer's own. Undefined if the name is unknown. */
async function accountAsked(
  services: HttpServices,
  exchange: Exchange,
  person: PersonRef | undefined,
): Promise<Account | undefined> {
  const caller = await admitViewer(services, exchange)
  return findAccount(services.db, personMeant(caller, person))
}

/** The user id if it has only characters that are safe in file names, else the key. */
const fileNameOf = ({ userId, key }: Account) => (/^\w[\w.-]{0,63}$/.test(userId) ? userId : key)

/** The date of a feed of people: the last change of any of them. Undefined for no people. */
export const newestOf = (accounts: readonly Account[]): Date | undefined =>
  accounts.length > 0 ? new Date(Math.max(...accounts.map(({ updated }) => updated.getTime()))) : undefined
