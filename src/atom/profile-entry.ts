import type { XMLBuilder } from 'xmlbuilder2/lib/interfaces.js'
import type { Account } from '../people/account.js'
import type { Profile } from '../people/fields.js'
import { type CardParts, type CardValues, cardValues } from './card-values.js'
import { addHcard, hcardParts } from './hcard.js'
import { join, type Markup, nothing, type Plain, plain } from './markup.js'
import { category, link, partyOf } from './person.js'
import { documentTemplate, type Hole, type Template, template } from './template.js'
import { vcardParts, vcardShape } from './vcard.js'
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

interface Values extends CardValues, CardParts {
  person: Markup
  tagList: Markup
  self: Markup
  connection: Markup
}

/**
 * Returns the functions that write profile entries (docs/wire.md, A profile entry): `entry` for use in a feed,
 * `document` for a single entry.
 *
 * @param to base addresses of all links
 */
export function profileEntries(to: Addresses) {
  const forms = {
    hcard: {
      lite: formWriter(to, { output: 'hcard', format: 'lite' }),
      full: formWriter(to, { output: 'hcard', format: 'full' }),
    },
    vcard: {
      lite: formWriter(to, { output: 'vcard', format: 'lite' }),
      full: formWriter(to, { output: 'vcard', format: 'full' }),
    },
  }
  return {
    entry: (account: Account, { output, format }: ProfileForm, place: ProfilePlace = {}): Markup =>
      forms[output][format].entry(account, place),
    document: (account: Account, { output, format }: ProfileForm): Markup => forms[output][format].document(account),
  }
}

function formWriter(to: Addresses, form: ProfileForm) {
  const selfLink = (href: (key: string) => string) =>
    template<{ key: Plain }>((at, hole) => link(at, href(hole.plain('key')), 'self', mediaType.atom))
  const selves = {
    entry: selfLink((key) => ownEntry(to, key, form)),
    feed: selfLink(to.profile),
    none: () => nothing,
  }
  const connectionLink = template<{ id: Plain }>((at, hole) => {
    link(at, to.connection(hole.plain('id')), rel.connection, mediaType.atom)
  })
  const isFull = form.format === 'full'
  const partsOf = form.output === 'hcard' ? hcardParts : vcardParts
  const values = (account: Account, { connectionId, self = 'entry' }: ProfilePlace): Values => {
    const card = cardValues(account)
    const { emailLink, address, extensions } = partsOf(account, isFull)
    return {
      emailLink,
      address,
      extensions,
      person: partyOf(account).person,
      tagList: isFull && account.profile.tags ? join(account.profile.tags.map((term) => tag({ term }))) : nothing,
      self: selves[self](card),
      connection: connectionId === undefined ? nothing : connectionLink({ id: plain(connectionId) }),
      // A spread is many times as fast at the end.
      ...card,
    }
  }
  const inFeed: Template<Values, Profile> = template((at, hole) => entryShape(at, hole, to, form, false))
  const alone: Template<Values, Profile> = documentTemplate((at, hole) => entryShape(at, hole, to, form, true))
  return {
    entry: (account: Account, place: ProfilePlace): Markup => inFeed(values(account, place), account.profile),
    document: (account: Account): Markup => alone(values(account, {}), account.profile),
  }
}

/** The URL of the profile's entry, in the same output and format. */
const ownEntry = (to: Addresses, key: string, { output, format }: ProfileForm) =>
  to.profileEntry(key) + (output === 'vcard' ? '&output=vcard' : '') + (format === 'full' ? '&format=full' : '')

const tag = template<{ term: string }>((at, hole) => category(at, hole.text('term')))

/** @param isAlone whether the entry is a document of its own, and so needs an author (RFC 4287, section 4.1.2) */
function entryShape(
  at: XMLBuilder,
  hole: Hole<Values, Profile>,
  to: Addresses,
  { output, format }: ProfileForm,
  isAlone: boolean,
): void {
  const key = hole.plain('key')
  const name = hole.text('name')
  const entry = at.ele('entry')
  entry.ele('id').txt(entryId + key)
  entry.ele('title').att('type', 'text').txt(name)
  entry.ele('updated').txt(hole.plain('rev'))
  category(entry, 'profile', scheme.type)
  entry.txt(hole.markup('tagList'))
  if (isAlone) entry.ele('author').txt(hole.markup('person'))
  entry.ele('contributor').txt(hole.markup('person'))
  entry.txt(hole.markup('self'))
  link(entry, to.profileType, rel.profileType, mediaType.profileType)
  link(entry, to.profileView(key), 'related', mediaType.html)
  link(entry, to.photo(key, hole.plain('millis')), rel.image, mediaType.image)
  entry.txt(hole.markup('connection'))
  // The first alternate link, since feed readers open the first one, and browsers can show only this one.
  link(entry, to.profileView(key), 'alternate', mediaType.html)
  if (output === 'hcard') link(entry, to.vcard(key), 'alternate', mediaType.directory)
  else link(entry, ownEntry(to, key, { output, format: 'full' }), 'edit', mediaType.atom)
  entry.ele('summary').att('type', 'text').txt(`Profile information for ${name}`)
  const content = entry.ele('content').att('type', output === 'hcard' ? 'xhtml' : 'text')
  if (output === 'hcard') addHcard(content, hole, to, format === 'full')
  else content.txt(`\n${vcardShape(hole, to, format === 'full')}`)
}
