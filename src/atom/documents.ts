import type { XMLBuilder } from 'xmlbuilder2/lib/interfaces.js'
import type { Account } from '../people/account.js'
import { otherFields, textFields } from '../people/fields.js'
import { relatedOf } from './person.js'
import { fragmentTemplate, type Hole, join, type Markup, XMLNS } from './template.js'
import { type Addresses, APP, ATOM, generator, PROFILE_TYPE, SNX } from './vocabulary.js'

interface Values {
  name: string
  userId: string
  /** The user id, percent-encoded for a URL. */
  encodedId: string
  key: string
  millis: string
}

/**
 * Returns a function that writes service documents (docs/wire.md, Other resources). They declare no editable fields.
 * The XML declaration names no encoding, as in the recordings; UTF-8 is the default.
 *
 * @param to base addresses of all links
 */
export function serviceDocuments(to: Addresses): (account: Account) => string {
  const service = fragmentTemplate<Values>((at, hole) => serviceShape(at, hole, to))
  return ({ name, userId, key, updated }) => {
    const encodedId = encodeURIComponent(userId)
    return `<?xml version="1.0"?>${service({ name, userId, encodedId, key, millis: String(updated.getTime()) })}`
  }
}

function serviceShape(at: XMLBuilder, hole: Hole<Values>, to: Addresses): void {
  const root = at
    .ele(APP, 'service')
    .att(XMLNS, 'xmlns:snx', SNX)
    .att(XMLNS, 'xmlns:atom', ATOM)
    .att(XMLNS, 'xmlns', APP)
  const about = root.ele(ATOM, 'atom:generator').att('version', generator.version).att('uri', generator.uri)
  about.txt(generator.name)
  const workspace = root.ele(APP, 'workspace')
  workspace.ele(ATOM, 'atom:title').att('type', 'text').txt(hole.text('name'))
  const collection = workspace.ele(APP, 'collection').att('href', to.profileOfUser(hole.text('encodedId')))
  collection.ele(ATOM, 'atom:title').att('type', 'text').txt(hole.text('name'))
  collection.ele(SNX, 'snx:userid').txt(hole.text('userId'))
  collection.ele(SNX, 'snx:editableFields')
  for (const { href, rel, type } of relatedOf(to, hole.text('key'), hole.text('millis'))) {
    workspace.ele(ATOM, 'atom:link').att('href', href).att('rel', rel).att('type', type)
  }
}

/** The only profile type. */
export const profileTypes = ['default'] as const

/**
 * Writes the description of a profile type. For each property: name, hCard class, vCard property, and the lite formats
 * that include it. The format is our own, since this document was never recorded.
 */
export const profileTypeDocument = (type: (typeof profileTypes)[number]): string =>
  `<?xml version="1.0" encoding="UTF-8"?>${document({ type, properties })}`

const document = fragmentTemplate<{ type: string; properties: Markup }>((at, hole) => {
  const root = at.ele(PROFILE_TYPE, 'profile-type')
  root.ele('id').txt(hole.text('type'))
  root.txt(hole.markup('properties'))
})

const property = fragmentTemplate<{ name: string; hcard: string; vcard: string; lite: string }>((at, hole) => {
  const element = at.ele('property')
  for (const name of ['name', 'hcard', 'vcard', 'lite'] as const) element.ele(name).txt(hole.text(name))
})

const properties = join(
  Object.entries({ ...textFields, ...otherFields }).map(([name, { hcard = '', vcard = '', lite }]) =>
    property({ name, hcard, vcard, lite }),
  ),
)

const error = fragmentTemplate<{ code: string; message: string }>((at, hole) => {
  const element = at.ele(SNX, 'error')
  element.ele('code').txt(hole.text('code'))
  element.ele('message').txt(hole.text('message'))
  element.ele('trace').txt('OMITTED')
})

/**
 * Writes the API's error document (docs/wire.md, Errors).
 *
 * @param code the HTTP status as text; empty if the wire has no code for the error
 * @param message the fixed message of the wire, followed by the reason
 */
export function failureDocument(code: string, message: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>${error({ code, message })}`
}
