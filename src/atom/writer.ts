import type { Colleague } from '../connections/model.js'
import type { Person } from '../people/account.js'
import { type Presenter, showingEmails } from '../people/hide-email.js'
import { connectionEntries } from './connection-entry.js'
import { profileTypeDocument, serviceDocuments } from './documents.js'
import { feedDocument } from './feed.js'
import { relatedLinks, rememberLast } from './person.js'
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
  const shownOwner = rememberLast<Person, Person>(shown)
  const shownColleague = (colleague: Colleague<Person>): Colleague<Person> => {
    const [owner, peer] = [shownOwner(colleague.owner), shown(colleague.peer)]
    // Inviter and changer stay the same objects as owner or peer, since entries compare them by identity.
    const same = (account: Person) => (account === colleague.owner ? owner : peer)
    return { ...colleague, owner, peer, inviter: same(colleague.inviter), changedBy: same(colleague.changedBy) }
  }
  return {
    ...writer,
    feed: (made) => feed({ ...made, title: name(made.title) }),
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
    portrait: (person) => portrait({ key: person.key, name: name(person.name) }),
  }
}
