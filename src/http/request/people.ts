import { checkMayNameByAddress } from '../../connections/rules.js'
import { Failure } from '../../errors.js'
import type { PersonRef } from '../../people/account.js'
import { mayHoldAddress } from '../../people/hide-email.js'
import type { Named } from '../../people/store.js'
import { naming, type Query, readParameters } from './parameters.js'

/**
 * Reads the person that a request names. Undefined if it names none. Precedence: userid, key, email, uid,
 * distinguishedName. Spaces around a value are ignored.
 *
 * @throws Failure `invalid` if all given values are empty, or if a parameter seems to name a person but is not
 *   supported
 */
export function readPerson(query: Query): PersonRef | undefined {
  checkSpelling(query)
  return readFirst(query, undefined)
}

/** People named by one parameter, and the text of that parameter. */
export interface NamedPeople extends Named {
  readonly parameter: string
  readonly raw: string
}

/**
 * As `readPerson`, for one or more people, separated by commas. A distinguished name contains commas, so it always
 * names one person.
 */
export function readPeople(query: Query): NamedPeople | undefined {
  checkSpelling(query)
  const given = namesGiven(query, undefined)
  const named = given.map(({ raw, ...rest }) => {
    const values = rest.by === 'distinguishedName' ? [raw.trim()] : split(raw)
    return { ...rest, raw, values: [...new Set(values.filter((each) => each !== ''))] }
  })
  return named.find(({ values }) => values.length > 0) ?? refuseEmpty(given)
}

/**
 * Reads two people from one parameter, separated by a comma.
 *
 * @throws Failure `invalid` for any other number of people
 */
export function readTwo(query: Query): { people: readonly [PersonRef, PersonRef]; raw: string } {
  const named = readPeople(query)
  const values = named?.by === 'distinguishedName' ? partNames(named.raw) : named?.values
  if (named === undefined || values?.length !== 2) {
    throw new Failure('invalid', `Pass two people, separated by a comma, in one parameter: ${personWays()}.`)
  }
  const [one, other] = values.map((value): PersonRef => ({ by: named.by, value })) as [PersonRef, PersonRef]
  return { people: [one, other], raw: named.raw }
}

const split = (text: string) => text.split(',').map((each) => each.trim())

/**
 * Splits two distinguished names that are joined by a comma. The second name begins at the only repetition of the first
 * attribute type, such as `CN`. Without a repetition, or with several, the text is split in the middle. Commas within a
 * part are escaped.
 */
function partNames(text: string): string[] {
  const parts = text.split(/(?<!\\),/)
  const [first, ...others] = parts.map((part) => part.split('=')[0]?.trim().toLowerCase())
  const again = others.flatMap((kind, n) => (kind === first ? n + 1 : []))
  const start = again.length === 1 ? again[0] : parts.length / 2
  if (!Number.isInteger(start)) return []
  return [parts.slice(0, start), parts.slice(start)].map((each) => each.join(',').trim())
}

/**
 * Reads the two ends of a connection (docs/wire.md, Naming a person). Parameters are those of `readPerson` with a
 * prefix, such as `sourceUserid`. Each end is a list of references in order of precedence: a key is also tried as a
 * user id, since one client sends user ids as `sourceKey` and `targetKey`.
 *
 * @returns undefined if neither end is given
 * @throws Failure `invalid` if only one end is given, and as `readPerson`
 */
export function readEnds(query: Query): { source: readonly PersonRef[]; target: readonly PersonRef[] } | undefined {
  checkSpellingOfEnds(query)
  const [source, target] = [readEnd(query, 'source'), readEnd(query, 'target')]
  if (!source && !target) return undefined
  if (source && target) return { source, target }
  const missing = source ? 'target' : 'source'
  throw new Failure('invalid', `The ${missing} is missing; pass ${personWays(missing)}.`)
}

function readEnd(query: Query, end: End): readonly PersonRef[] | undefined {
  const person = readFirst(query, end)
  if (person?.by !== 'key') return person && [person]
  return [person, { by: 'userId', value: person.value }]
}

function readFirst(query: Query, end: End | undefined): PersonRef | undefined {
  const given = namesGiven(query, end)
  const first = given.find(({ raw }) => raw.trim() !== '')
  return first ? { by: first.by, value: first.raw.trim() } : refuseEmpty(given)
}

/** The parameters of a request that name a person, in order of precedence. */
const namesGiven = ({ value }: Query, end: End | undefined) =>
  personParameters(end).flatMap(({ parameter, by }) => {
    const raw = value(parameter)
    return raw === undefined ? [] : [{ parameter, by, raw }]
  })

function refuseEmpty([given]: readonly { readonly parameter: string }[]): undefined {
  if (given) throw new Failure('invalid', `${naming(given.parameter)} is empty.`)
}

/**
 * Refuses a parameter that seems to name a person but is not supported. If it were ignored, the answer could be about
 * another person. Parameters for the ends of a connection are ignored if a supported parameter names a person.
 */
function checkSpelling(query: Query): void {
  const isNamed = namesGiven(query, undefined).length > 0
  for (const [name] of query.parameters) {
    const read = readPersonName(name)
    if (read && name !== read.alone && !(read.end && isNamed)) throw notTaken(name, read.alone)
  }
}

/** As `checkSpelling`, for the ends of a connection. Ignores parameters without an end, such as `userid`. */
function checkSpellingOfEnds({ parameters }: Query): void {
  for (const [name] of parameters) {
    const read = readPersonName(name)
    if (read?.end && name !== read.exact) throw notTaken(name, read.exact)
  }
}

const notTaken = (name: string, right: string) =>
  new Failure('invalid', `${naming(name)} is not accepted here; use ${right} instead.`)

/** An end of a connection; also the prefix of its parameters, such as `sourceUserid`. */
type End = 'source' | 'target'

/** The parameters that name a person, in order of precedence. */
const taken = [
  { parameter: 'userid', by: 'userId' },
  { parameter: 'key', by: 'key' },
  { parameter: 'email', by: 'email' },
  { parameter: 'uid', by: 'login' },
  { parameter: 'distinguishedName', by: 'distinguishedName' },
] as const satisfies readonly { parameter: string; by: PersonRef['by'] }[]

type Taken = (typeof taken)[number]['parameter']

/**
 * Names of these parameters in other servers and clients, in lower case without punctuation. Requests that use them are
 * refused with a message that gives the supported name.
 */
const otherNames: Readonly<Record<Taken, string>> = {
  userid:
    'user id guid userguid profileguid person personid people member memberid owner ownerid employee employeeid ' +
    'externalid extid lconnuserid name displayname',
  key: 'idkey uuid profile profileid profilekey personkey userkey',
  email: 'mail emailaddress mailaddress emailaddr address mailid emailid usermail useremail mcode',
  uid: 'login loginid loginname logon logonname username account accountname profileuid',
  distinguishedName: 'dn userdn ldapdn ldapid',
}

const meanings: ReadonlyMap<string, Taken> = new Map(
  taken.flatMap(({ parameter }) =>
    [parameter.toLowerCase(), ...otherNames[parameter].split(' ')].map((name) => [name, parameter] as const),
  ),
)

/** The parameters that name a person, or the person at one end of a connection, in order of precedence. */
export const personParameters = (end: End | undefined) =>
  taken.map(({ parameter, by }) => ({ by, parameter: end ? atEnd(end, parameter) : parameter }))

/** The names of these parameters, for an error message. */
const personWays = (end?: End): string =>
  personParameters(end)
    .map(({ parameter }) => parameter)
    .join(', ')
    .replace(/, (?=\w+$)/, ' or ')

const atEnd = (end: End, parameter: Taken) => `${end}${parameter.charAt(0).toUpperCase()}${parameter.slice(1)}`

/** The meaning of a parameter that names a person, in any spelling. */
interface PersonName {
  /** `source` or `target`; undefined for a parameter without that prefix, such as `userid`. */
  readonly end: End | undefined
  /** The supported parameter without an end, such as `userid`. */
  readonly alone: Taken
  /** The supported parameter for this end, such as `sourceUserid`; without an end the same as `alone`. */
  readonly exact: string
}

/**
 * Recognizes a parameter that names a person: in upper or lower case, with or without punctuation or a plural `s`, and
 * by the names that other servers and clients use.
 */
export function readPersonName(name: string): PersonName | undefined {
  const letters = name.toLowerCase().replaceAll(/[^a-z0-9]/g, '')
  const [, end, rest = letters] = (/^(source|target)(.+)$/.exec(letters) ?? []) as [string?, End?, string?]
  const alone = meanings.get(rest) ?? meanings.get(rest.replace(/s$/, ''))
  return alone && { end, alone, exact: end ? atEnd(end, alone) : alone }
}

/** Parameters whose value may be an e-mail address. */
const maybeAddress = new Set(['search', 'name', 'uid', 'distinguishedName'])

/**
 * Refuses a request that names people or searches for them by e-mail address; used if the site hides addresses. Runs no
 * query, so that the answer does not reveal whether an address exists.
 *
 * @throws Failure `invalid`
 */
export function checkNames(search: string): void {
  // No length limit here: a value may be the URL of a page, and the handler checks its length.
  const isByAddress = readParameters(search, Infinity).some(([name, value]) => {
    const meanings = [name, readPersonName(name)?.alone ?? name]
    return meanings.includes('email') || (meanings.some((each) => maybeAddress.has(each)) && mayHoldAddress(value))
  })
  if (isByAddress) checkMayNameByAddress(true)
}
