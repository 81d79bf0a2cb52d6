/** A profile field's names on the wire, and the short forms (`format=lite`) that include it. */
interface Field {
  hcard: string | undefined
  vcard: string | undefined
  lite: 'both' | 'hcard' | 'vcard' | 'none'
}

const field = (hcard: string | undefined, vcard: string | undefined, lite: Field['lite'] = 'none'): Field => ({
  hcard,
  vcard,
  lite,
})

/**
 * All text fields in the order of the vCard, each with its hCard class, vCard property and short forms (docs/wire.md,
 * hCard; vCard 2.1).
 */
export const textFields = {
  familyName: field('family-name', 'N', 'vcard'),
  givenName: field('given-name', 'N', 'vcard'),
  honorificPrefix: field('honorific-prefix', 'HONORIFIC_PREFIX'),
  preferredFirstName: field('x-preferred-first-name', 'NICKNAME'),
  preferredLastName: field('x-preferred-last-name', 'X_PREFERRED_LAST_NAME'),
  nativeFirstName: field('x-native-first-name', 'X_NATIVE_FIRST_NAME'),
  nativeLastName: field('x-native-last-name', 'X_NATIVE_LAST_NAME'),
  alternateLastName: field('x-alternate-last-name', 'X_ALTERNATE_LAST_NAME'),
  groupwareEmail: field('x-groupwareMail', 'EMAIL;X_GROUPWARE_MAIL', 'both'),
  blogUrl: field(undefined, 'X_BLOG_URL;VALUE=URL', 'vcard'),
  timeZone: field('tz', 'TZ'),
  preferredLanguage: field('x-preferred-language', 'X_PREFERRED_LANGUAGE'),
  organization: field('organization-unit', 'ORG', 'both'),
  organizationCode: field('x-organization-code', 'X_ORGANIZATION_CODE'),
  role: field('role', 'ROLE', 'both'),
  employeeType: field('x-empType', 'X_EMPTYPE'),
  title: field('title', 'TITLE', 'both'),
  profileTitle: field('x-profiles-title', undefined),
  street: field('street-address', 'ADR;WORK', 'hcard'),
  street2: field('extended-address x-streetAddress2', 'ADR;WORK', 'hcard'),
  city: field('locality', 'ADR;WORK', 'hcard'),
  region: field('region', 'ADR;WORK', 'hcard'),
  postalCode: field('postal-code', 'ADR;WORK', 'hcard'),
  country: field('country-name', 'ADR;WORK', 'hcard'),
  countryCode: field('x-country-code', 'X_COUNTRY_CODE', 'hcard'),
  workLocationCode: field('x-worklocation-code', 'X_WORKLOCATION_CODE', 'hcard'),
  building: field('x-building', 'X_BUILDING', 'both'),
  floor: field('x-floor', 'X_FLOOR', 'both'),
  officeNumber: field('x-office-number', 'X_OFFICE_NUMBER', 'both'),
  workPhone: field('work', 'TEL;WORK', 'both'),
  mobilePhone: field('cell', 'TEL;CELL'),
  fax: field('fax', 'TEL;FAX'),
  ipPhone: field('x-ip', 'TEL;X_IP'),
  pager: field('pager', 'TEL;PAGER'),
  pagerId: field('x-pager-id', 'X_PAGER_ID'),
  pagerType: field('x-pager-type', 'X_PAGER_TYPE'),
  pagerProvider: field('x-pager-provider', 'X_PAGER_PROVIDER'),
  experience: field('x-experience', 'X_EXPERIENCE'),
  description: field('x-description', 'X_DESCRIPTION'),
  /** The manager's login name, equal to the manager's own `x-profile-uid`. */
  managerLogin: field('x-manager-uid', 'X_MANAGER_UID', 'both'),
  employeeNumber: field('x-employee-number', 'X_EMPLOYEE_NUMBER'),
  distinguishedName: field('x-dn', undefined),
  departmentNumber: field('x-department-number', 'X_DEPARTMENT_NUMBER'),
  departmentTitle: field('x-department-title', 'X_DEPARTMENT_TITLE'),
  shift: field('x-shift', 'X_SHIFT'),
  profileType: field('x-profile-type', 'X_PROFILE_TYPE', 'both'),
} satisfies Record<string, Field>

/** The fields that are not text: lists and a boolean. */
export const otherFields = {
  tags: field('categories', 'CATEGORIES'),
  isManager: field('x-is-manager', 'X_IS_MANAGER', 'both'),
  extensions: field('x-extension-property', 'X_EXTENSION_PROPERTY'),
} satisfies Record<string, Field>

export type TextField = keyof typeof textFields

/** A custom field of the site. */
export interface Extension {
  id: string
  key: string
  value: string
  dataType: string
}

/** The fields of a profile. An empty field is absent. */
export type Profile = { readonly [Name in TextField]?: string } & {
  readonly tags?: readonly string[]
  readonly isManager?: boolean
  readonly extensions?: readonly Extension[]
}

export const textFieldNames = Object.keys(textFields) as TextField[]

/** The parts of a work address. The address is shown if at least one part is filled. */
export const addressFields = [
  'street',
  'street2',
  'city',
  'region',
  'postalCode',
  'country',
  'countryCode',
  'workLocationCode',
] as const satisfies readonly TextField[]
