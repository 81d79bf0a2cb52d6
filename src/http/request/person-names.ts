import type { PersonRef } from '../../people/account.js'

/** An end of a connection; a parameter that names the person there begins with it. */
export type End = 'source' | 'target'

/** The parameters that name a person, in order of precedence, and what they name them by. */
const taken = [
  { parameter: 'userid', by: 'userId' },
  { parameter: 'key', by: 'key' },
  { parameter: 'email', by: 'email' },
  { parameter: 'uid', by: 'login' },
  { parameter: 'distinguishedName', by: 'distinguishedName' },
] as const satisfies readonly { parameter: string; by: PersonRef['by'] }[]

type Taken = (typeof taken)[number]['parameter']

/**
 * What other servers and clients call them, in lower case and without punctuation. They are never read, but refused with
 * the name that we take.
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

/** All of them, for a sentence that says how a person may be named. */
export const personWays = (end?: End): string =>
  personParameters(end)
    .map(({ parameter }) => parameter)
    .join(', ')
    .replace(/, (?=\w+$)/, ' or ')

const atEnd = (end: End, parameter: Taken) => `${end}${parameter.charAt(0).toUpperCase()}${parameter.slice(1)}`

/** What a parameter is that names a person, under whatever name. */
interface PersonName {
  /** Of which end of a connection; undefined for a person alone. */
  readonly end: End | undefined
  /** The parameter that names a person alone in this way. */
  readonly alone: Taken
  /** The parameter that names the person at this end in this way; without an end as `alone`. */
  readonly exact: string
}

/** Tells what a parameter names a person by, be it in another case, with a hyphen, or as others call it; else undefined. */
export function readPersonName(name: string): PersonName | undefined {
  const letters = name.toLowerCase().replaceAll(/[^a-z0-9]/g, '')
  const [, end, rest = letters] = (/^(source|target)(.+)$/.exec(letters) ?? []) as [string?, End?, string?]
  const alone = meanings.get(rest) ?? meanings.get(rest.replace(/s$/, ''))
  return alone && { end, alone, exact: end ? atEnd(end, alone) : alone }
}
