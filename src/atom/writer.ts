import type { Colleague } from '../connections/model.js'
import { type Presenter, showingEmails } from '../people/hide-email.js'
import { connectionEntries } from './connection-entry.js'
import { profileTypeDocument, serviceDocuments } from './documents.js'
import { feedDocument } from './feed.js'
import { relatedLinks } from './person.js'
import { portrait } from './portrait.js'
import { profileEntries } from './profile-entry.js'
import { vcardFiles } from './vcard.js'
import { addresses } from './vocabulary.js'

/**
 * Returns the functions that write the Atom documents of a site. To be called once, since it prepares all templates.
 *
 * @param presenter changes accounts and names before they are written
 */
export const atomWriter = (baseUrl: string, presenter = showingEmails) => presented(plainWriter(baseUrl), presenter)

export type AtomWriter = ReturnType<typeof plainWriter>

function plainWriter(baseUrl: string) {
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

function presented(writer: AtomWriter, presenter: Presenter): AtomWriter {
  if (presenter === showingEmails) return writer
  const { feed, connections, profiles, related, service, vcardFile, portrait } = writer
  const { account: shown, name } = presenter
  return {
    ...writer,
    feed: (made) => feed({ ...made, title: name(made.title) }),
    connections: {
      entry: (colleague, message) => connections.entry(shownColleague(colleague, shown), message),
      document: (colleague, message) => connections.document(shownColleague(colleague, shown), message),
    },
    profiles: {
      entry: (account, form, place) => profiles.entry(shown(account), form, place),
      document: (account, form) => profiles.document(shown(account), form),
    },
    related: (account) => related(shown(account)),
    service: (account) => service(shown(account)),
    vcardFile: (account) => vcardFile(shown(account)),
    portrait: (person) => portrait({ key: person.key, name: name(person.name) }),
  }
}

/** Keeps inviter and changer the same objects as owner or peer, since entries compare them by identity. */
function shownColleague(colleague: Colleague, shown: Presenter['account']): Colleague {
  const [owner, peer] = [shown(colleague.owner), shown(colleague.peer)]
  const same = (account: Colleague['owner']) => (account === colleague.owner ? owner : peer)
  return { ...colleague, owner, peer, inviter: same(colleague.inviter), changedBy: same(colleague.changedBy) }
}
