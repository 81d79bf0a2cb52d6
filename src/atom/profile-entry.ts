import type { XMLBuilder } from 'xmlbuilder2/lib/interfaces.js'
import type { Account } from '../people/account.js'
import { hcards } from './hcard.js'
import { category, link, person } from './person.js'
import { documentTemplate, type Hole, join, type Markup, nothing, type Template, template } from './template.js'
import { vcards } from './vcard.js'
import { type Addresses, entryId, mediaType, rel, scheme } from './vocabulary.js'

export interface ProfileForm {
  readonly output: 'hcard' | 'vcard'
  readonly format: 'lite' | 'full'
}

/** The parts of a profile entry that depend on the resource. */
export interface ProfilePlace {
  /** Id of the connection to this person, in a list of colleagues. */
  readonly connectionId?: string
  /** Target of the self link: the profile's entry, or its feed (search results); `none` omits the link (reports). */
  readonly self?: 'entry' | 'feed' | 'none'
}

interface Values {
  key: string
  name: string
  updated: string
  millis: string
  tags: Markup
  person: Markup
  self: Markup
  connection: Markup
  content: Markup
}

/**
 * Returns the functions that write profile entries (docs/wire.md, A profile entry): `entry` for use in a feed,
 * `document` for a single entry.
 *
 * @param to base addresses of all links
 */
export function profileEntries(to: Addresses) {
  const hcard = hcards(to)
  const vcard = vcards(to)
  const connectionLink = template<{ id: string }>((at, hole) => {
    link(at, to.connection(hole.text('id')), rel.connection, mediaType.atom)
  })
  const selves = {
    entry: (key: string, form: ProfileForm) => selfLink({ href: ownEntry(to, key, form) }),
    feed: (key: string) => selfLink({ href: to.profile(key) }),
    none: () => nothing,
  }
  const shapes = (
    make: (build: (at: XMLBuilder, hole: Hole<Values>) => void) => Template<Values>,
    isAlone: boolean,
  ) => {
    const shape = (form: ProfileForm) => make((at, hole) => entryShape(at, hole, to, form, isAlone))
    return {
      hcard: { lite: shape({ output: 'hcard', format: 'lite' }), full: shape({ output: 'hcard', format: 'full' }) },
      vcard: { lite: shape({ output: 'vcard', format: 'lite' }), full: shape({ output: 'vcard', format: 'full' }) },
    }
  }
  const values = (account: Account, form: ProfileForm, { connectionId, self = 'entry' }: ProfilePlace): Values => ({
    key: account.key,
    name: account.name,
    updated: account.updated.toISOString(),
    millis: String(account.updated.getTime()),
    tags: form.format === 'full' ? join((account.profile.tags ?? []).map((term) => tag({ term }))) : nothing,
    person: person(account),
    self: selves[self](account.key, form),
    connection: connectionId === undefined ? nothing : connectionLink({ id: connectionId }),
    content: form.output === 'hcard' ? hcard(account, form.format) : vcardText({ lines: vcard(account, form.format) }),
  })
  const inFeed = shapes(template, false)
  const alone = shapes(documentTemplate, true)
  return {
    entry: (account: Account, form: ProfileForm, place: ProfilePlace = {}): Markup =>
      inFeed[form.output][form.format](values(account, form, place)),
    document: (account: Account, form: ProfileForm): Markup =>
      alone[form.output][form.format](values(account, form, {})),
  }
}

const selfLink = template<{ href: string }>((at, hole) => link(at, hole.text('href'), 'self', mediaType.atom))

/** The URL of the profile's entry, in the same output and format. */
const ownEntry = (to: Addresses, key: string, { output, format }: ProfileForm) =>
  to.profileEntry(key) + (output === 'vcard' ? '&output=vcard' : '') + (format === 'full' ? '&format=full' : '')

const tag = template<{ term: string }>((at, hole) => category(at, hole.text('term')))

const vcardText = template<{ lines: string }>((at, hole) => at.txt(`\n${hole.text('lines')}`))

/** @param isAlone whether the entry is a document of its own, and so needs an author (RFC 4287, section 4.1.2) */
function entryShape(
  at: XMLBuilder,
  hole: Hole<Values>,
  to: Addresses,
  { output }: ProfileForm,
  isAlone: boolean,
): void {
  const key = hole.text('key')
  const name = hole.text('name')
  const entry = at.ele('entry')
  entry.ele('id').txt(entryId + key)
  entry.ele('title').att('type', 'text').txt(name)
  entry.ele('updated').txt(hole.text('updated'))
  category(entry, 'profile', scheme.type)
  entry.txt(hole.markup('tags'))
  if (isAlone) entry.ele('author').txt(hole.markup('person'))
  entry.ele('contributor').txt(hole.markup('person'))
  entry.txt(hole.markup('self'))
  link(entry, to.profileType, rel.profileType, mediaType.profileType)
  link(entry, to.profileView(key), 'related', mediaType.html)
  link(entry, to.photo(key, hole.text('millis')), rel.image, mediaType.image)
  entry.txt(hole.markup('connection'))
  // The first alternate link, since feed readers open the first one, and browsers can show only this one.
  link(entry, to.profileView(key), 'alternate', mediaType.html)
  if (output === 'hcard') link(entry, to.vcard(key), 'alternate', mediaType.directory)
  else link(entry, ownEntry(to, key, { output, format: 'full' }), 'edit', mediaType.atom)
  entry.ele('summary').att('type', 'text').txt(`Profile information for ${name}`)
  entry
    .ele('content')
    .att('type', output === 'hcard' ? 'xhtml' : 'text')
    .txt(hole.markup('content'))
}
