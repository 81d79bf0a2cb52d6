import { addresses } from './addresses.js'
import { connectionEntries } from './connection-entry.js'
import { feedDocument } from './feed.js'
import { profileEntries } from './profile-entry.js'

/** Everything that writes Atom, made once for a public base. */
export function atomWriter(baseUrl: string) {
  const to = addresses(baseUrl)
  return { to, feed: feedDocument, connections: connectionEntries(to), profiles: profileEntries(to) }
}

export type AtomWriter = ReturnType<typeof atomWriter>
