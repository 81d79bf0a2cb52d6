import { z } from 'zod'
import type { ShownConnection } from '../connections/model.js'
import { Failure } from '../errors.js'
import { otherFields, textFieldNames } from '../people/fields.js'
import { isLoss, type MergedPerson, type ShownProfile, type ImportedPerson } from '../people/merge.js'
import { checked, nonEmpty, identifier, message, name, past, profile, roles, state, uuid } from './values.js'

/**
 * Parses one line of a directory file.
 *
 * @returns undefined for the header
 * @throws Failure `invalid` with the reason
 */
export function readLine(text: string): { person: ImportedPerson } | { connection: ShownConnection } | undefined {
  const { account, colleague } = checked(line, parseJson(text))
  if (account) {
    const { seen = account.updated, ...values } = account
    return { person: { ...values, seen, decides: true } }
  }
  return colleague && { connection: connectionFrom(colleague) }
}

const date = z.iso
  .datetime({ offset: true, error: 'not a date and time such as 2026-01-31T12:00:00.000Z' })
  .transform((value) => new Date(value))
  .pipe(past)

/** Makes a schema optional. Null means `empty`. */
const nullable = <Value extends z.ZodType>(schema: Value, empty: z.output<Value>) =>
  schema
    .nullable()
    .transform((value) => value ?? empty)
    .optional()

const emptyProfile = Object.fromEntries([
  ...textFieldNames.map((field) => [field, '']),
  ...Object.keys(otherFields).map((field) => [field, field === 'isManager' ? null : []]),
]) as Required<ShownProfile>

const shownProfile = z.strictObject(
  Object.fromEntries(
    Object.entries(profile.shape).map(([field, schema]) => [
      field,
      nullable(schema.unwrap() as z.ZodType, emptyProfile[field as keyof ShownProfile]),
    ]),
  ),
) as unknown as z.ZodType<ShownProfile>

const account = z.strictObject({
  key: uuid.optional(),
  userId: nonEmpty(identifier),
  login: nullable(identifier, ''),
  email: nullable(identifier, ''),
  name: nonEmpty(name).optional(),
  state: nullable(state, 'active'),
  external: z.boolean().nullable().optional(),
  roles: nullable(roles, []),
  profile: nullable(shownProfile, emptyProfile),
  updated: date,
  seen: date.optional(),
})

const colleague = z.strictObject({
  inviter: nonEmpty(identifier),
  invited: nonEmpty(identifier),
  status: z.enum(['accepted', 'pending']),
  changedBy: identifier.optional(),
  message: message.optional(),
  updated: date,
  inviterEntry: uuid,
  invitedEntry: uuid.optional(),
})

const header = z.strictObject({ version: z.literal(1, 'this format version is not supported') })

const line = z
  .strictObject({ account: account.optional(), colleague: colleague.optional(), connections: header.optional() })
  .refine((kinds) => Object.keys(kinds).length > 0, 'neither an account nor a colleague')
  .refine((kinds) => Object.keys(kinds).length < 2, 'more than one of account, colleague and connections')

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new Failure('invalid', `not JSON (${(error as Error).message})`, { cause: error })
  }
}

function connectionFrom(pair: z.output<typeof colleague>): ShownConnection {
  const { inviter, invited, changedBy = defaultChanger(pair) } = pair
  if (changedBy !== inviter && changedBy !== invited) {
    throw new Failure('invalid', 'colleague.changedBy: neither the inviter nor the invited person')
  }
  return {
    id: pair.inviterEntry,
    ...(pair.invitedEntry !== undefined && { targetRowId: pair.invitedEntry }),
    source: inviter,
    target: invited,
    status: pair.status === 'accepted' ? 'accepted' : 'unconfirmed',
    inviter: 'source',
    changedBy: changedBy === inviter ? 'source' : 'target',
    ...(pair.message !== undefined && { message: pair.message }),
    updated: pair.updated,
  }
}

const defaultChanger = ({ status, inviter, invited }: Pick<PairLine, 'status' | 'inviter' | 'invited'>) =>
  status === 'accepted' ? invited : inviter

/** The content of a pair's line. */
interface PairLine {
  readonly inviter: string
  readonly invited: string
  readonly status: 'accepted' | 'pending'
  readonly changedBy: string
  readonly message: string
  readonly updated: Date
  readonly inviterEntry: string
  readonly invitedEntry: string
}

/** The first line of a directory file, with the version of the format. */
export const headerLine = (): string => jsonLine({ connections: { version: 1 } })

/** Writes the line of an account. A value that was explicitly cleared is null, so that an import also clears it. */
export function accountLine({ seen, ...known }: MergedPerson): string {
  const updated = known.updated.getTime()
  const latest = Math.max(updated, ...Object.entries(seen).flatMap(([field, at]) => (isLoss(field) ? [] : at)))
  const { key, userId, name } = known
  const orSaid = <Value>(field: string, value: Value | null) => value ?? (seen[field] === undefined ? undefined : null)
  const texts = textFieldNames.map((field) => [field, orSaid(field, known.profile[field] ?? null)])
  const { tags, isManager, extensions } = known.profile
  const shown: Record<string, unknown> = {
    ...(Object.fromEntries(texts) as Record<string, string | null | undefined>),
    tags: orSaid('tags', tags ?? null),
    isManager: orSaid('isManager', isManager ?? null),
    // Fixed order, since jsonb does not preserve the order of keys.
    extensions: orSaid(
      'extensions',
      extensions?.map(({ id, key, value, dataType }) => ({ id, key, value, dataType })) ?? null,
    ),
  }
  return jsonLine({
    account: {
      key,
      userId,
      login: orSaid('login', known.login),
      email: orSaid('email', known.email),
      name,
      state: known.state === 'active' && seen['state'] === undefined ? undefined : known.state,
      external: orSaid('external', known.external),
      roles: orSaid('roles', known.roles.length === 0 ? null : known.roles),
      profile: Object.values(shown).every((value) => value === undefined) ? undefined : shown,
      updated: known.updated,
      seen: latest === updated ? undefined : new Date(latest),
    },
  })
}

/** Writes the line of a pair. */
export function pairLine(pair: PairLine): string {
  const { inviter, invited, status, changedBy, message, updated, inviterEntry, invitedEntry } = pair
  return jsonLine({
    colleague: {
      inviter,
      invited,
      status,
      changedBy: changedBy === defaultChanger(pair) ? undefined : changedBy,
      message: message === '' ? undefined : message,
      updated,
      inviterEntry,
      invitedEntry,
    },
  })
}

const jsonLine = (value: unknown) => `${JSON.stringify(value)}\n`
