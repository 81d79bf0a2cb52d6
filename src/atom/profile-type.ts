import { otherFields, textFields } from '../accounts/fields.js'
import { join, type Markup } from './escape.js'
import { fragmentTemplate } from './template.js'
import { PROFILE_TYPE } from './vocabulary.js'

/** The one type of profile there is. */
export const profileTypes = ['default'] as const

/**
 * Writes the description of a profile type: of each property its name, its hCard class, its vCard property and the
 * short forms that show it. Nothing is known of the document that other servers send here, so this is one of our own.
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
