import type { Colleague } from '../connections/model.js'
import { withoutAddresses as shown, withoutDomains } from '../people/hide-email.js'
import { connectionEntries } from './connection-entry.js'
import { profileTypeDocument, serviceDocuments } from './documents.js'
import { feedDocument } from './feed.js'
import { relatedLinks } from './person.js'
import { portrait } from './portrait.js'
import { profileEntries } from './profile-entry.js'
import { vcardFiles } from './vcard.js'
import { addresses } from './vocabulary.js'

/** Everything that writes Atom, made once for a public base. */
export function atomWriter(baseUrl: string) {
  const to = addresses(baseUrl)
  return {
    to,
    feed: feedDocument,
    connections: connectionEntries(to),
    profiles: profileEntries(to),
    related: relatedLinks(to),
    service: serviceDocuments(to),
    profileType: profileTypeDocument,
    vcardFile: vcardFiles(to),
    portrait,
  }
}

export type AtomWriter = ReturnType<typeof atomWriter>

/**
 * The same writer for a site that hides e-mail addresses (docs/trust.md, Z3): whomever it is given, it writes without
 * any.
 */
export function hideEmails(writer: AtomWriter): AtomWriter {
  const { feed, connections, profiles, related, service, vcardFile, portrait } = writer
  return {
    ...writer,
    feed: (made) => feed({ ...made, title: withoutDomains(made.title) }),
    connections: {
      entry: (colleague, message) => connections.entry(shownColleague(colleague), message),
      document: (colleague, message) => connections.document(shownColleague(colleague), message),
    },
    profiles: {
      entry: (account, form, place) => profiles.entry(shown(account), form, place),
      document: (account, form) => profiles.document(shown(account), form),
    },
    related: (account) => related(shown(account)),
    service: (account) => service(shown(account)),
    vcardFile: (account) => vcardFile(shown(account)),
    portrait: ({ key, name }) => portrait({ key, name: withoutDomains(name) }),
  }
}

/** Whoever invited and whoever changed it are the owner or the peer, and stay the same object. */
function shownColleague(colleague: Colleague): Colleague {
  const [owner, peer] = [shown(colleague.owner), shown(colleague.peer)]
  const same = (account: Colleague['owner']) => (account === colleague.owner ? owner : peer)
  return { ...colleague, owner, peer, inviter: same(colleague.inviter), changedBy: same(colleague.changedBy) }
}
