import type { XMLBuilder } from 'xmlbuilder2/lib/interfaces.js'
import type { Account } from '../accounts/account.js'
import type { Addresses } from './addresses.js'
import { join, type Markup, nothing } from './escape.js'
import { hcards } from './hcard.js'
import { category, link, person } from './person.js'
import { documentTemplate, type Hole, type Template, template } from './template.js'
import { entryId, mediaType, rel, scheme } from './vocabulary.js'
import { vcards } from './vcard.js'

export interface ProfileForm {
  readonly output: 'hcard' | 'vcard'
  readonly format: 'lite' | 'full'
}

interface Values {
  key: string
  name: string
  updated: string
  millis: string
  tags: Markup
  person: Markup
  connection: Markup
  content: Markup
}

/**
 * Writers of profile entries (wire reference, section 4.7), whose links stand under the given addresses: `entry` for
 * use in a feed, `document` for an entry by itself. `connectionId` leads to the connection by which one came here.
 */
export function profileEntries(to: Addresses) {
  const hcard = hcards(to)
  const vcard = vcards(to)
  const connectionLink = template<{ id: string }>((at, hole) => {
    link(at, to.connection(hole.text('id')), rel.connection, mediaType.atom)
  })
  const shapes = (make: (build: (at: XMLBuilder, hole: Hole<Values>) => void) => Template<Values>) => {
    const shape = (form: ProfileForm) => make((at, hole) => entryShape(at, hole, to, form))
    return {
      hcard: { lite: shape({ output: 'hcard', format: 'lite' }), full: shape({ output: 'hcard', format: 'full' }) },
      vcard: { lite: shape({ output: 'vcard', format: 'lite' }), full: shape({ output: 'vcard', format: 'full' }) },
    }
  }
  const values = (account: Account, { output, format }: ProfileForm, connectionId?: string): Values => ({
    key: account.key,
    name: account.name,
    updated: account.updated.toISOString(),
    millis: String(account.updated.getTime()),
    tags: format === 'full' ? join((account.profile.tags ?? []).map((term) => tag({ term }))) : nothing,
    person: person(account),
    connection: connectionId === undefined ? nothing : connectionLink({ id: connectionId }),
    content: output === 'hcard' ? hcard(account, format) : vcardText({ lines: vcard(account, format) }),
  })
  const inFeed = shapes(template)
  const alone = shapes(documentTemplate)
  return {
    entry: (account: Account, form: ProfileForm, connectionId?: string): Markup =>
      inFeed[form.output][form.format](values(account, form, connectionId)),
    document: (account: Account, form: ProfileForm): Markup => alone[form.output][form.format](values(account, form)),
  }
}

const tag = template<{ term: string }>((at, hole) => category(at, hole.text('term')))

const vcardText = template<{ lines: string }>((at, hole) => at.txt(`\n${hole.text('lines')}`))

function entryShape(at: XMLBuilder, hole: Hole<Values>, to: Addresses, { output, format }: ProfileForm): void {
  const key = hole.text('key')
  const name = hole.text('name')
  const ownEntry = `${to.profileEntry(key)}${output === 'vcard' ? '&output=vcard' : ''}`
  const entry = at.ele('entry')
  entry.ele('id').txt(entryId + key)
  entry.ele('title').att('type', 'text').txt(name)
  entry.ele('updated').txt(hole.text('updated'))
  category(entry, 'profile', scheme.type)
  entry.txt(hole.markup('tags'))
  entry.ele('contributor').txt(hole.markup('person'))
  link(entry, format === 'full' ? `${ownEntry}&format=full` : ownEntry, 'self', mediaType.atom)
  link(entry, to.profileType, rel.profileType, mediaType.profileType)
  link(entry, to.profileView(key), 'related', mediaType.html)
  link(entry, to.photo(key, hole.text('millis')), rel.image, mediaType.image)
  entry.txt(hole.markup('connection'))
  if (output === 'hcard') link(entry, to.vcard(key), 'alternate', mediaType.directory)
  else link(entry, `${ownEntry}&format=full`, 'edit', mediaType.atom)
  entry.ele('summary').att('type', 'text').txt(`Profile information for ${name}`)
  entry
    .ele('content')
    .att('type', output === 'hcard' ? 'xhtml' : 'text')
    .txt(hole.markup('content'))
}
