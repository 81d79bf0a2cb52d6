import type { PageNumber, Search } from '../accounts/search-store.js'
import { askedWords } from '../accounts/words.js'
import { Failure } from '../errors.js'
import { openParameters } from './parameters.js'
import { type ProfileQuery, readForm, readPage } from './profile-query.js'

/** What a request for `search.do` asks for. */
export interface SearchQuery extends ProfileQuery, PageNumber {
  readonly search: Search
  /** The criteria and their values as they came. */
  readonly criteria: readonly (readonly [name: string, value: string])[]
}

/** In the order in which the title names them. */
const criteriaNames = ['search', 'name', 'email', 'userid'] as const

/** What one search may cost the database. */
const mostWords = 64

/**
 * Reads the parameters of GET `search.do`. `search` and `name` mean the same, the words of a display name. A criterion
 * that is blank counts as not given.
 *
 * @throws Failure `invalid` when there is no criterion, or too many words
 */
export function readSearchQuery(search: string): SearchQuery {
  const { parameters, value } = openParameters(search)
  const criteria = criteriaNames.flatMap((name) => {
    const raw = value(name)
    return raw === undefined || isBlank(name, raw) ? [] : [[name, raw] as const]
  })
  if (criteria.length === 0) {
    throw new Failure('invalid', `Give at least one of the parameters ${criteriaNames.join(', ')}; a blank is none.`)
  }
  const given = new Map(criteria)
  const words = [...new Set(['search', 'name'].flatMap((name) => askedWords(value(name) ?? '') ?? []))]
  if (words.length > mostWords) throw new Failure('invalid', `At most ${mostWords} words are searched for.`)
  return {
    search: { words, email: given.get('email')?.trim(), userId: given.get('userid')?.trim() },
    criteria,
    form: readForm(value),
    ...readPage(value),
    parameters,
  }
}

const isBlank = (name: string, raw: string): boolean =>
  name === 'search' || name === 'name' ? askedWords(raw) === undefined : raw.trim() === ''
