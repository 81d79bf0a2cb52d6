import type { Person } from '../accounts/account.js'
import type { PageNumber } from '../accounts/search-store.js'
import type { ProfileForm } from '../atom/profile-entry.js'
import { openParameters, type Parameters, type Value } from './parameters.js'
import { type NamedPeople, readPeople, readPerson } from './people.js'
import { wholeNumber, wordAmong } from './values.js'

/** What a request for profiles asks for, beside the people. */
export interface ProfileQuery {
  /** How profiles are shown. */
  readonly form: ProfileForm
  /** All parameters as they came, for the links of the answer. */
  readonly parameters: Parameters
}

/** A request about one person; undefined is the caller. */
export interface PersonQuery extends ProfileQuery, PageNumber {
  readonly person: Person | undefined
}

/** A request about one person or several; undefined is the caller. */
export interface PeopleQuery extends ProfileQuery {
  readonly people: NamedPeople | undefined
}

/**
 * Reads the parameters of a resource that shows one person, or the people around one (wire reference, sections 3
 * and 8). Those it does not know mean nothing.
 *
 * @throws Failure `invalid`, naming the parameter
 */
export function readPersonQuery(search: string): PersonQuery {
  const query = openParameters(search)
  const { value, parameters } = query
  return { person: readPerson(query), form: readForm(value), ...readPage(value), parameters }
}

/** As `readPersonQuery`, for a resource that shows several. */
export function readPeopleQuery(search: string): PeopleQuery {
  const query = openParameters(search)
  const { value, parameters } = query
  return { people: readPeople(query), form: readForm(value), parameters }
}

/** How profiles are shown. In a list of connections they are whole unless the request says otherwise, else short. */
export const readForm = (value: Value, usual: ProfileForm['format'] = 'lite'): ProfileForm => ({
  output: wordAmong(value('output'), ['hcard', 'vcard'] as const) ?? 'hcard',
  format: wordAmong(value('format'), ['lite', 'full'] as const) ?? usual,
})

export const readPage = (value: Value): PageNumber => ({
  page: wholeNumber(value('page'), 1, 999_999_999),
  pageSize: wholeNumber(value('ps'), 10, 250),
})
