import type { ProfileForm } from '../../atom/profile-entry.js'
import { Failure } from '../../errors.js'
import type { PersonRef } from '../../people/account.js'
import { runsOf, short } from '../../people/names.js'
import type { PageNumber, Search } from '../../people/search-store.js'
import { digitsOf, type Kind, minSubstring, type Sought } from '../../people/search-words.js'
import { naming, openParameters, type Parameters, readForm, readPage, yesOrNo } from './parameters.js'
import { type NamedPeople, personParameters, readPeople, readPerson } from './people.js'

/** The parameters of every resource that shows profiles. */
interface ProfileQuery {
  /** The output form of profiles. */
  readonly form: ProfileForm
  /** All parameters as received, for the links of the answer. */
  readonly parameters: Parameters
}

/** A request about one person; without `person`, about the caller. */
export interface PersonQuery extends ProfileQuery, PageNumber {
  readonly person: PersonRef | undefined
}

/** A request about one person or several; without `people`, about the caller. */
interface PeopleQuery extends ProfileQuery {
  readonly people: NamedPeople | undefined
}

/**
 * Reads the parameters of a resource that shows one person, or the people related to one (docs/wire.md, Naming a
 * person; Other resources). Unknown parameters are ignored.
 *
 * @throws Failure `invalid`, naming the parameter
 */
export function readPersonQuery(search: string): PersonQuery {
  const query = openParameters(search)
  const { value, parameters } = query
  return { person: readPerson(query), form: readForm(value), ...readPage(value), parameters }
}

/** As `readPersonQuery`, for a resource that shows several people. */
export function readPeopleQuery(search: string): PeopleQuery {
  const query = openParameters(search)
  const { value, parameters } = query
  return { people: readPeople(query), form: readForm(value), parameters }
}

/** The parameters of `search.do`. */
interface SearchQuery extends ProfileQuery, PageNumber {
  readonly search: Search
  /** The criteria and their values as received. */
  readonly criteria: readonly (readonly [name: string, value: string])[]
}

/** Parses the words of a criterion. Undefined if there are none. */
type ReadWords = (raw: string, name: string) => readonly Sought[] | undefined

/** Criteria with words, in the order of the feed's title. */
const wordCriteria: Readonly<Record<string, ReadWords>> = {
  search: words('any'),
  name: words('name'),
  profileTags: tags,
  city: words('city'),
  country: words('country'),
  organization: words('organization'),
  jobTitle: words('jobTitle'),
  phoneNumber,
}

/** Criteria that identify a person. */
const personCriteria: Readonly<Record<string, PersonRef['by']>> = Object.fromEntries(
  personParameters(undefined).map(({ parameter, by }) => [parameter, by]),
)

const criteriaNames = [...Object.keys(wordCriteria), ...Object.keys(personCriteria), 'isManager']

/**
 * Other accepted parameters. Only the first five affect the feed. The rest belong to other resources or to our pages
 * (`done`), or help clients to bypass caches.
 */
const otherNames = new Set(
  `activeUsersOnly output format page ps pos outputType connectionType sortBy sortOrder status since inclMessage
    inclUserStatus inclPendingCount labels lastMod forceRefresh lang timestamp dojo.preventCache _ done`.split(/\s+/),
)

/** Limits the load of one search on the database. */
const maxWords = 64

/**
 * Reads the parameters of GET `search.do`. A person must meet all criteria. An empty criterion is ignored.
 *
 * @throws Failure `invalid` if there is no criterion, too many words, an unknown parameter, or a value that cannot be
 *   searched for
 */
export function readSearchQuery(search: string): SearchQuery {
  const { parameters, value } = openParameters(search)
  const unknown = parameters.find(([name]) => !criteriaNames.includes(name) && !otherNames.has(name))
  if (unknown) throw new Failure('invalid', `${naming(unknown[0])} is not accepted here. ${searchHint}`)

  const given = criteriaNames.flatMap((name) => {
    const raw = value(name)
    return raw === undefined || raw.trim() === '' ? [] : [[name, raw] as const]
  })
  const read = given.map(([name, raw]) => ({ name, raw, words: wordCriteria[name]?.(raw, name) }))
  const criteria = read.filter(({ name, words }) => !(name in wordCriteria) || words !== undefined)
  if (criteria.length === 0) throw new Failure('invalid', `${searchHint} Empty values are ignored.`)
  const sought = [...new Map(criteria.flatMap(({ words = [] }) => words).map((each) => [keyOf(each), each])).values()]
  if (sought.length > maxWords) throw new Failure('invalid', `A search may have at most ${maxWords} words.`)
  const isManager = value('isManager')?.trim()
  return {
    search: {
      words: sought,
      named: criteria.flatMap(({ name, raw }) => {
        const by = personCriteria[name]
        return by ? { by, value: raw.trim() } : []
      }),
      ...(isManager && { isManager: yesOrNo('isManager', isManager) }),
      isActive: value('activeUsersOnly') === undefined || yesOrNo('activeUsersOnly', value('activeUsersOnly')),
    },
    criteria: criteria.map(({ name, raw }) => [name, raw] as const),
    form: readForm(value),
    ...readPage(value),
    parameters,
  }
}

const searchHint = `Search by one or more of ${criteriaNames.join(', ')}.`

const keyOf = ({ kind, word, match }: Sought) => `${kind} ${match} ${word}`

/**
 * Parses words. Each matches the beginning of a word in a profile; with a leading `*`, it matches anywhere within one.
 * A trailing `*` or `%` has no effect. A `*` or `%` alone matches everyone.
 */
function words(kind: Kind): ReadWords {
  return (raw, name) => {
    const runs = runsOf(raw).filter(({ run }) => run !== '')
    if (runs.length === 0) return undefined
    return runs.flatMap(({ run, parts }) => {
      if (/^[*%]+$/.test(run)) return []
      const [first = run, ...rest] = parts
      const isWithin = run.startsWith('*')
      if (isWithin && Array.from(first).length < minSubstring) throw tooShort(name)
      const match = isWithin ? ('within' as const) : ('beginning' as const)
      return [
        { kind, word: short(first), match },
        ...rest.map((word) => ({ kind, word: short(word), match: 'beginning' as const })),
      ]
    })
  }
}

/**
 * Parses tags, separated by commas or spaces. Each matches a whole tag; with a trailing `*` or `%`, the beginning of a
 * tag; with a leading `*`, any part of a tag.
 */
function tags(raw: string, name: string): readonly Sought[] | undefined {
  const asked = runsOf(raw.replaceAll(',', ' ')).map(({ run }) => run)
  if (asked.length === 0) return undefined
  return asked.flatMap((run) => {
    const word = run.replaceAll(/^[*%]+|[*%]+$/g, '')
    if (word === '') return []
    if (!run.startsWith('*'))
      return { kind: 'tag', word: short(word), match: /[*%]$/.test(run) ? 'beginning' : 'whole' }
    if (Array.from(word).length < minSubstring) throw tooShort(name)
    return { kind: 'tag', word: short(word), match: 'within' }
  })
}

const tooShort = (name: string) =>
  new Failure('invalid', `${naming(name)} must have at least ${minSubstring} letters after a leading *.`)

/** Parses the digits of a phone number. Three or more match anywhere in a number, fewer only at its beginning. */
function phoneNumber(raw: string, name: string): readonly Sought[] {
  const word = short(digitsOf(raw))
  if (word === '' || /[^\d\s+()./*%-]/.test(raw.normalize('NFKC'))) {
    throw new Failure('invalid', `${naming(name)} must be the digits of a phone number.`)
  }
  return [{ kind: 'phone', word, match: word.length < minSubstring ? 'beginning' : 'within' }]
}
