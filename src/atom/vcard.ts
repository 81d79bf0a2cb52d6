import type { Account } from '../people/account.js'
import { addressFields, type Extension, type TextField, textFields } from '../people/fields.js'
import { type CardValues, cardValues } from './card-values.js'
import type { Addresses } from './vocabulary.js'

interface Line {
  lite: boolean
  write: (values: CardValues) => string
}

/**
 * Returns a function that writes vCards 2.1 (docs/wire.md, vCard 2.1): lines in a fixed order, each ended by a line
 * feed, without folding or quoting. A line break in a value becomes a space, so that no value can add a property.
 *
 * @param to base addresses of all links
 */
export function vcards(to: Addresses): (account: Account, format: 'lite' | 'full') => string {
  const full = lines(to)
  const lite = full.filter((line) => line.lite)
  return (account, format) => {
    const values = cardValues(account)
    const written = (format === 'full' ? full : lite).map((line) => line.write(values)).filter((line) => line !== '')
    const extensions = format === 'full' ? (account.profile.extensions ?? []).map(extension) : []
    return ['BEGIN:VCARD', 'VERSION:2.1', ...written, ...extensions, 'END:VCARD', ''].map(onOneLine).join('\n')
  }
}

/** Returns a function that formats an account as a full vCard for download, with CRLF line endings. */
export function vcardFiles(to: Addresses): (account: Account) => string {
  const vcard = vcards(to)
  return (account) => vcard(account, 'full').replaceAll('\n', '\r\n')
}

function lines(to: Addresses): Line[] {
  return [
    shown((card) => `PHOTO;VALUE=URL:${to.photo(card.key, card.millis)}`),
    shown((card) => `N:${withoutSeparators(card.familyName)};${withoutSeparators(card.givenName)}`),
    shown((card) => `FN:${card.name}`),
    ...fields('honorificPrefix', 'preferredFirstName', 'preferredLastName'),
    ...fields('nativeFirstName', 'nativeLastName', 'alternateLastName'),
    shown((card) => `URL:${to.profile(card.key)}`),
    shown((card) => `EMAIL;INTERNET:${card.email}`),
    ...fields('groupwareEmail', 'blogUrl', 'timeZone', 'preferredLanguage', 'organization', 'organizationCode'),
    ...fields('role', 'employeeType', 'title'),
    ...workAddress,
    ...fields('building', 'floor', 'officeNumber', 'workPhone', 'mobilePhone', 'fax', 'ipPhone'),
    ...fields('pager', 'pagerId', 'pagerType', 'pagerProvider'),
    { lite: false, write: (card) => `CATEGORIES:${card.tags}` },
    ...fields('experience', 'description', 'managerLogin'),
    shown((card) => `X_IS_MANAGER:${card.isManager}`),
    shown((card) => `X_PROFILE_KEY:${card.key}`),
    shown((card) => `UID:${card.userId}`),
    shown((card) => `X_PROFILE_UID:${card.login}`),
    shown((card) => `X_LCONN_USERID:${card.userId}`),
    ...fields('employeeNumber', 'departmentNumber', 'departmentTitle', 'shift'),
    shown((card) => `REV:${card.rev}`),
    ...fields('profileType'),
  ]
}

const shown = (write: Line['write']): Line => ({ lite: true, write })

const fields = (...names: TextField[]): Line[] =>
  names.map((name) => {
    const { vcard, lite } = textFields[name]
    return { lite: lite === 'both' || lite === 'vcard', write: (values) => `${vcard}:${values[name]}` }
  })

/** Clients split the address at its semicolons. They expect eight parts; the first two are unused. */
const workAddress: Line[] = [
  ({ street, street2, city, region, postalCode, country }: CardValues) =>
    `ADR;WORK:;;${[street, street2, city, region, postalCode, country].map(withoutSeparators).join(';')}`,
  (card: CardValues) => `X_COUNTRY_CODE:${card.countryCode}`,
  (card: CardValues) => `X_WORKLOCATION_CODE:${card.workLocationCode}`,
].map((write) => ({
  lite: false,
  write: (card) => (addressFields.some((name) => card[name] !== '') ? write(card) : ''),
}))

const extension = ({ id, key, value, dataType }: Extension): string =>
  [
    'X_EXTENSION_PROPERTY',
    `VALUE=X_EXTENSION_PROPERTY_ID:${withoutSeparators(id)}`,
    `VALUE=X_EXTENSION_KEY:${withoutSeparators(key)}`,
    `VALUE=X_EXTENSION_VALUE:${value.replaceAll(';VALUE=', ',VALUE=')}`,
    `VALUE=X_EXTENSION_DATA_TYPE:${withoutSeparators(dataType)}`,
  ].join(';')

/** Replaces the semicolons in a part of a structured value with commas. */
const withoutSeparators = (text: string) => text.replaceAll(';', ',')

/** Replaces line breaks of every kind with spaces. */
const onOneLine = (line: string) => line.replaceAll(/\r\n|[\n\v\f\r\u0085\u2028\u2029]/g, ' ')
