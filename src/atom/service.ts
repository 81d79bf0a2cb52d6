import type { XMLBuilder } from 'xmlbuilder2/lib/interfaces.js'
import type { Account } from '../accounts/account.js'
import type { Addresses } from './addresses.js'
import { relatedOf } from './related.js'
import { fragmentTemplate, type Hole, XMLNS } from './template.js'
import { APP, ATOM, generator, SNX } from './vocabulary.js'

interface Values {
  name: string
  userId: string
  /** The user id percent-encoded, for an address. */
  encodedId: string
  key: string
  millis: string
}

/**
 * Writer of a person's service document (wire reference, section 8), whose links stand under the given addresses. No
 * field is editable here. The declaration has no encoding, as in the recordings; without one it is UTF-8.
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
