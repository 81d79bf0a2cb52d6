import { addresses } from './addresses.js'
import { connectionEntries } from './connection-entry.js'
import { feedDocument } from './feed.js'
import { portrait } from './portrait.js'
import { profileEntries } from './profile-entry.js'
import { profileTypeDocument } from './profile-type.js'
import { relatedLinks } from './related.js'
import { serviceDocuments } from './service.js'
import { vcardFiles } from './vcard.js'

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
