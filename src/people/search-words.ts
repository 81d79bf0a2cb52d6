import type { Account } from './account.js'
import { hidingEmails, type Presenter } from './hide-email.js'
import { quoted, runsOf, short } from './names.js'

/**
 * Search words are the lexemes of one `tsvector`, so that one index serves any mix of criteria. A lexeme is a kind
 * letter, a mark and a word: `n<anna` is a word of the name, `n>nna` is a suffix of that word. A capital kind letter
 * marks a word that occurs in an e-mail address only.
 */
const letters = {
  /** Name, login, user id, e-mail address, title, department, tags and description. */
  any: 'a',
  name: 'n',
  jobTitle: 't',
  organization: 'o',
  city: 'c',
  country: 'k',
  tag: 'g',
  phone: 'p',
  manager: 'm',
} as const

export type Kind = keyof typeof letters

/** The searchable values of an account. */
export type Searched = Pick<Account, 'userId' | 'login' | 'email' | 'name' | 'profile'>

/** Keeps the `tsvector` below the limit of Postgres, 1 MB. */
const maxLexemes = 3000

/** Minimum length of a search within words, in characters. */
export const minSubstring = 3

/** The column `search_words` of a person, as a database literal. */
export function searchWords(person: Searched): string {
  const all = lexemesOf(person)
  const shown = new Set(lexemesOf(hidingEmails.account(person as Account)))
  const lexemes = all.map((lexeme) => (shown.has(lexeme) ? lexeme : withCapital(lexeme)))
  return [...new Set(lexemes)].slice(0, maxLexemes).map(quoted).join(' ')
}

const withCapital = (lexeme: string) => lexeme.slice(0, 1).toUpperCase() + lexeme.slice(1)

/** Short fields come first, since the end of a long description may be cut off by `maxLexemes`. */
function lexemesOf({ userId, login, email, name, profile }: Searched): string[] {
  const { tags = [], title, organization, city, country, countryCode, description } = profile
  const { departmentTitle, departmentNumber, workPhone, mobilePhone, fax, ipPhone, pager } = profile
  const phones = [workPhone, mobilePhone, fax, ipPhone, pager].map((number) => number && digitsOf(number))
  const words = (kind: Kind, texts: readonly (string | null | undefined)[]) =>
    texts.flatMap((text) => runsOf(text ?? '').flatMap((run) => lexemesOfRun(kind, run)))
  return [
    ...(profile.isManager ? [prefixLexeme('manager', 'true')] : []),
    ...words('phone', phones),
    ...words('name', [name]),
    ...words('city', [city]),
    ...words('country', [country, countryCode]),
    ...words('organization', [organization]),
    ...words('jobTitle', [title]),
    ...tags.map((tag) => prefixLexeme('tag', tagWord(tag))),
    ...words('tag', tags),
    ...words('any', [name, login, userId, email, title, departmentTitle, departmentNumber, ...tags, description]),
  ]
}

/** Only parts have suffixes, since a search within words applies to parts. */
function lexemesOfRun(kind: Kind, { run, parts }: { run: string; parts: string[] }): string[] {
  return [
    prefixLexeme(kind, short(run)),
    ...parts.map(short).flatMap((part) => [prefixLexeme(kind, part), ...suffixesOf(kind, part)]),
  ]
}

function suffixesOf(kind: Kind, word: string): string[] {
  const all = Array.from(word)
  return all.slice(1, 1 - minSubstring).map((_, at) => `${letters[kind]}>${all.slice(at + 1).join('')}`)
}

const prefixLexeme = (kind: Kind, word: string) => `${letters[kind]}<${word}`

/** The whole tag as one search word, with its words separated by spaces. */
const tagWord = (tag: string): string =>
  short(
    runsOf(tag)
      .map(({ run }) => run)
      .join(' '),
  )

/** The digits of a telephone number. Searches ignore spaces and other separators in numbers. */
export const digitsOf = (number: string): string => number.normalize('NFKC').replaceAll(/\D/g, '')

/** A required word. */
export interface Sought {
  readonly kind: Kind
  readonly word: string
  readonly match: 'whole' | 'beginning' | 'within'
}

/**
 * A `tsquery` for people with all of the words.
 *
 * @param searchKinds maps the kind of a word to the kinds of lexemes to look for
 */
export const queryFor = (sought: readonly Sought[], searchKinds: Presenter['searchKinds']): string =>
  sought.map((each) => `(${alternatives(each, searchKinds).join(' | ')})`).join(' & ')

function alternatives({ kind, word, match }: Sought, searchKinds: Presenter['searchKinds']): string[] {
  const marks = match === 'within' ? ['<', '>'] : ['<']
  return searchKinds(letters[kind]).flatMap((of) =>
    marks.map((mark) => `${quoted(`${of}${mark}${word}`)}${match === 'whole' ? '' : ':*'}`),
  )
}
