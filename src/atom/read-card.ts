import { addressFields, otherFields, type TextField, textFieldNames, textFields } from '../accounts/fields.js'
import type { ShownProfile, Sighting } from '../accounts/sighting.js'
import { Failure } from '../errors.js'

/** What a business card, in either form, shows of a person. */
export type ShownCard = Pick<Sighting, 'userId' | 'login' | 'email'> & { readonly profile: ShownProfile }

type ShownText = Partial<Record<TextField, string>>

/** What tells who it is. */
const identity = {
  hcard: { userId: 'x-lconn-userid', login: 'x-profile-uid', email: 'email' },
  vcard: { userId: 'X_LCONN_USERID', login: 'X_PROFILE_UID', email: 'EMAIL;INTERNET' },
} as const

/** All address fields, empty: the wire leaves out the address as a whole. */
export const noAddress: ShownText = Object.fromEntries(addressFields.map((name) => [name, '']))

/**
 * Tells what a card shows from the values that stand in it by hCard class or vCard property (wire reference,
 * section 4.7). Refuses an `x-is-manager` other than Y, N and nothing.
 */
export function readCard(form: 'hcard' | 'vcard', values: ReadonlyMap<string, string>): ShownCard {
  const userId = values.get(identity[form].userId)
  const login = values.get(identity[form].login)
  const email = values.get(identity[form].email)
  const isManager = values.get(otherFields.isManager[form] ?? '')
  const tags = values.get(otherFields.tags[form] ?? '')
  return {
    ...(userId && { userId }),
    ...(login && { login }),
    ...(email !== undefined && { email }),
    profile: {
      ...linesOfText(form, values),
      ...(isManager !== undefined && { isManager: yesOrNo(isManager) }),
      ...(tags !== undefined && { tags: splitTags(tags) }),
    },
  }
}

function linesOfText(form: 'hcard' | 'vcard', values: ReadonlyMap<string, string>): ShownText {
  const shown: ShownText = {}
  for (const field of textFieldNames) {
    const name = textFields[field][form]
    const value = name && values.get(name)
    if (value !== undefined) shown[field] = value
  }
  return shown
}

function yesOrNo(value: string): boolean | null {
  if (!['Y', 'N', ''].includes(value)) throw new Failure('invalid', 'Its card says of being a manager neither Y nor N.')
  return value === '' ? null : value === 'Y'
}

const splitTags = (text: string) =>
  text
    .split(',')
    .map((tag) => tag.trim())
    .filter((tag) => tag !== '')
