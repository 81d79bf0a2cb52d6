import type { ProfileForm } from '../../atom/profile-entry.js'
import { Failure } from '../../errors.js'
import type { PersonRef } from '../../people/account.js'
import { runsOf, short } from '../../people/names.js'
import type { PageNumber, Search } from '../../people/search-store.js'
import { digitsOf, type Kind, minSubstring, type Sought } from '../../people/search-words.js'
import { naming, openParameters, type Parameters, readForm, readPage, yesOrNo } from './parameters.js'
import { type NamedPeople, personParameters, readPeople, readPerson } from './people.js'

/** What a request for profiles asks for, beside the people. */
interface ProfileQuery {
  /** How profiles are shown. */
  readonly form: ProfileForm
  /** All parameters as they came, for the links of the answer. */
  readonly parameters: Parameters
}

/** A request about one person; undefined is the caller. */
export interface PersonQuery extends ProfileQuery, PageNumber {
  readonly person: PersonRef | undefined
}

/** A request about one person or several; undefined is the caller. */
interface PeopleQuery extends ProfileQuery {
  readonly people: NamedPeople | undefined
}

/**
 * Reads the parameters of a resource that shows one person, or the people around one (docs/wire.md, Naming a person;
 * Other resources). Those it does not know mean nothing.
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

/** What a request for `search.do` asks for. */
interface SearchQuery extends ProfileQuery, PageNumber {
  readonly search: Search
  /** The criteria and their values as they came. */
  readonly criteria: readonly (readonly [name: string, value: string])[]
}

/** Reads a criterion that looks for words; undefined if it is blank. */
type ReadWords = (raw: string, name: string) => readonly Sought[] | undefined

/** In the order in which the title names them. */
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

/** Criteria that name one person. */
const personCriteria: Readonly<Record<string, PersonRef['by']>> = Object.fromEntries(
  personParameters(undefined).map(({ parameter, by }) => [parameter, by]),
)

const criteriaNames = [...Object.keys(wordCriteria), ...Object.keys(personCriteria), 'isManager']

/**
 * What else a request may hold. Parameters of other resources, what clients add against caches, and `done`, which our
 * pages add, have no effect.
 */
const otherNames = new Set(
  `activeUsersOnly output format page ps pos outputType connectionType sortBy sortOrder status since inclMessage
    inclUserStatus inclPendingCount labels lastMod forceRefresh lang timestamp dojo.preventCache _ done`.split(/\s+/),
)

/** What one search may cost the database. */
const maxWords = 64

/**
 * Reads the parameters of GET `search.do`. A person must meet all criteria. A criterion that is blank is not given.
 *
 * @throws Failure `invalid` if there is no criterion, too many words, a parameter that is unknown, or a value that cannot
 *   be searched for
 */
export function readSearchQuery(search: string): SearchQuery {
  const { parameters, value } = openParameters(search)
  const unknown = parameters.find(([name]) => !criteriaNames.includes(name) && !otherNames.has(name))
  if (unknown) throw new Failure('invalid', `${naming(unknown[0])} is not taken here. ${whatWouldDo}`)

  const given = criteriaNames.flatMap((name) => {
    const raw = value(name)
    return raw === undefined || raw.trim() === '' ? [] : [[name, raw] as const]
  })
  const read = given.map(([name, raw]) => ({ name, raw, words: wordCriteria[name]?.(raw, name) }))
  const criteria = read.filter(({ name, words }) => !(name in wordCriteria) || words !== undefined)
  if (criteria.length === 0) throw new Failure('invalid', `${whatWouldDo} A blank one is not a criterion.`)
  const sought = [...new Map(criteria.flatMap(({ words = [] }) => words).map((each) => [keyOf(each), each])).values()]
  if (sought.length > maxWords) throw new Failure('invalid', `A search takes at most ${maxWords} words.`)
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

const whatWouldDo = `Search by one or more of ${criteriaNames.join(', ')}.`

const keyOf = ({ kind, word, match }: Sought) => `${kind} ${match} ${word}`

/**
 * Each word is the beginning of a word of the person's. A star or percent sign at its end says the same; a star before it
 * finds the word within words. A star alone asks for nothing, so that alone it finds everybody.
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

/** Tags with commas or spaces between; a star at the end of one finds the tags that begin so. */
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
  new Failure(
    'invalid',
    `${naming(name)} has a * before fewer than ${minSubstring} letters; add letters or leave it out.`,
  )

/** Digits of a telephone number, from three on anywhere in it. */
function phoneNumber(raw: string, name: string): readonly Sought[] {
  const word = short(digitsOf(raw))
  if (word === '' || /[^\d\s+()./*%-]/.test(raw.normalize('NFKC'))) {
    throw new Failure('invalid', `${naming(name)} must be the digits of a telephone number.`)
  }
  return [{ kind: 'phone', word, match: word.length < minSubstring ? 'beginning' : 'within' }]
}
