import { createHash } from 'node:crypto'
import type { Account } from '../accounts/account.js'
import type { Colleague } from '../connections/connection.js'
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

/**
 * A short text that is another as soon as the writer would write the same values otherwise: what it makes of one
 * specimen tells all there is to tell about its shapes and addresses.
 */
export function fingerprint(writer: AtomWriter): string {
  const forms = (['hcard', 'vcard'] as const).flatMap((output) => [
    { output, format: 'lite' as const },
    { output, format: 'full' as const },
  ])
  const entries = [
    writer.connections.entry(specimen, true),
    ...forms.map((form) => writer.profiles.entry(specimen.peer, form, { connectionId: specimen.id })),
  ]
  const links = { self: 'self', first: 'first', previous: 'previous', next: 'next', last: 'last' }
  const numbers = { totalResults: 1, startIndex: 1, itemsPerPage: 1, pendingInvitations: 1 }
  const text = writer.feed({ id: '', title: '', updated: new Date(0), ...numbers, links, entries })
  return createHash('sha256').update(text).digest('base64url')
}

const person: Account = {
  id: '',
  key: '',
  userId: '',
  login: '',
  email: '',
  name: '',
  state: 'active',
  external: false,
  profile: { tags: [''], street: 'street', extensions: [{ id: '', key: '', value: '', dataType: '' }] },
  roles: [],
  updated: new Date(0),
}

const specimen: Colleague = {
  id: '',
  status: 'accepted',
  owner: person,
  peer: { ...person },
  inviter: person,
  changedBy: person,
  message: '',
  updated: new Date(0),
}
