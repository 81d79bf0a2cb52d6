import type { Account } from '../people/account.js'
import { type Extension, type Profile, type TextField, textFields } from '../people/fields.js'
import { type CardParts, type CardValues, cardValues, hasAddress } from './card-values.js'
import { join, nothing } from './markup.js'
import { type Hole, template, textTemplate } from './template.js'
import type { Addresses } from './vocabulary.js'

type CardHole = Pick<Hole<CardValues, Profile>, 'text' | 'plain' | 'field'>

/**
 * The shape of a vCard 2.1 (docs/wire.md, vCard 2.1): lines in a fixed order, each ended by a line feed, without
 * folding or quoting. A line break in a value becomes a space, so that no value can add a property.
 *
 * @param to base addresses of all links
 */
export function vcardShape(hole: CardHole & Pick<Hole<CardParts>, 'markup'>, to: Addresses, full: boolean): string {
  const lines = linesAround(hole, to, full)
  return lines.before + hole.markup('address') + lines.after + hole.markup('extensions') + lastLine
}

/** The parts of a vCard that are not in each card, or several times. */
export function vcardParts({ profile }: Account, full: boolean): CardParts {
  return {
    emailLink: nothing,
    address: full && hasAddress(profile) ? address({}, profile) : nothing,
    extensions:
      full && profile.extensions ? join(profile.extensions.map((each) => extension(withoutParameters(each)))) : nothing,
  }
}

const address = template<object, Profile>((at, hole) => at.txt(addressShape(hole)))
const extension = template<Extension>((at, hole) => at.txt(extensionShape(hole)))

/** Returns a function that formats an account as a full vCard for download, with CRLF line endings. */
export function vcardFiles(to: Addresses): (account: Account) => string {
  const before = textTemplate<CardValues, Profile>((hole) => linesAround(hole, to, true).before)
  const address = textTemplate<object, Profile>(addressShape)
  const after = textTemplate<CardValues, Profile>((hole) => linesAround(hole, to, true).after)
  const extension = textTemplate<Extension>(extensionShape)
  return (account) => {
    const { profile } = account
    const values = cardValues(account)
    const parts = [
      before(values, profile),
      hasAddress(profile) ? address({}, profile) : '',
      after(values, profile),
      ...(profile.extensions ?? []).map((each) => extension(withoutParameters(each))),
      lastLine,
    ]
    return parts.join('').replaceAll('\n', '\r\n')
  }
}

const lastLine = 'END:VCARD\n'

interface Line {
  readonly lite: boolean
  readonly text: string
}

/** The lines before and after the work address. */
function linesAround(hole: CardHole, to: Addresses, full: boolean): { before: string; after: string } {
  const fields = fieldLines(hole)
  const key = hole.plain('key')
  const before = [
    shown('BEGIN:VCARD'),
    shown('VERSION:2.1'),
    shown(`PHOTO;VALUE=URL:${to.photo(key, hole.plain('millis'))}`),
    shown(`N:${hole.field('familyName', 'part')};${hole.field('givenName', 'part')}`),
    shown(`FN:${hole.text('name', 'line')}`),
    ...fields('honorificPrefix', 'preferredFirstName', 'preferredLastName'),
    ...fields('nativeFirstName', 'nativeLastName', 'alternateLastName'),
    shown(`URL:${to.profile(key)}`),
    shown(`EMAIL;INTERNET:${hole.text('email', 'line')}`),
    ...fields('groupwareEmail', 'blogUrl', 'timeZone', 'preferredLanguage', 'organization', 'organizationCode'),
    ...fields('role', 'employeeType', 'title'),
  ]
  const after = [
    ...fields('building', 'floor', 'officeNumber', 'workPhone', 'mobilePhone', 'fax', 'ipPhone'),
    ...fields('pager', 'pagerId', 'pagerType', 'pagerProvider'),
    { lite: false, text: `CATEGORIES:${hole.text('tags', 'line')}` },
    ...fields('experience', 'description', 'managerLogin'),
    shown(`X_IS_MANAGER:${hole.plain('isManager')}`),
    shown(`X_PROFILE_KEY:${key}`),
    shown(`UID:${hole.text('userId', 'line')}`),
    shown(`X_PROFILE_UID:${hole.text('login', 'line')}`),
    shown(`X_LCONN_USERID:${hole.text('userId', 'line')}`),
    ...fields('employeeNumber', 'departmentNumber', 'departmentTitle', 'shift'),
    shown(`REV:${hole.plain('rev')}`),
    shown(`${textFields.profileType.vcard}:${hole.text('profileType', 'line')}`),
  ]
  const written = (lines: Line[]) => lines.map(({ lite, text }) => (full || lite ? `${text}\n` : '')).join('')
  return { before: written(before), after: written(after) }
}

const shown = (text: string): Line => ({ lite: true, text })

const fieldLines =
  (hole: CardHole) =>
  (...names: TextField[]): Line[] =>
    names.map((name) => {
      const { vcard, lite } = textFields[name]
      return { lite: lite === 'both' || lite === 'vcard', text: `${vcard}:${hole.field(name, 'line')}` }
    })

/** Clients split the address at its semicolons. They expect eight parts; the first two are unused. */
function addressShape(hole: Hole<object, Profile>): string {
  const parts = (['street', 'street2', 'city', 'region', 'postalCode', 'country'] as const).map((name) =>
    hole.field(name, 'part'),
  )
  return [
    `ADR;WORK:;;${parts.join(';')}\n`,
    `X_COUNTRY_CODE:${hole.field('countryCode', 'line')}\n`,
    `X_WORKLOCATION_CODE:${hole.field('workLocationCode', 'line')}\n`,
  ].join('')
}

function extensionShape(hole: Hole<Extension>): string {
  return [
    'X_EXTENSION_PROPERTY',
    `VALUE=X_EXTENSION_PROPERTY_ID:${hole.text('id', 'part')}`,
    `VALUE=X_EXTENSION_KEY:${hole.text('key', 'part')}`,
    `VALUE=X_EXTENSION_VALUE:${hole.text('value', 'line')}`,
    `VALUE=X_EXTENSION_DATA_TYPE:${hole.text('dataType', 'part')}\n`,
  ].join(';')
}

/** Clients split an extension at its parameters, so its value must not look like one. */
const withoutParameters = (extension: Extension): Extension => ({
  ...extension,
  value: extension.value.replaceAll(';VALUE=', ',VALUE='),
})
