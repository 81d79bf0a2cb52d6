import { inspect } from 'node:util'

/** A level of access, by number or name. */
export type Level = number | LevelName

/** The callers that an entry of an access list applies to. */
type Subject =
  /** An account id, `signed-in` for every account, or `anyone`. */
  | { readonly type: 'account'; readonly target: string }
  /** The account that is itself the context. */
  | { readonly type: 'self' }
  | { readonly type: 'role'; readonly target: string }
  | { readonly type: 'owner' }

/** The level or the role that an entry gives. */
export type Allowance = { readonly allow: Level } | { readonly role: string }

/** An entry of an access list: access without a connection (docs/module.md, Access lists). */
export type AclEntry = Subject & Allowance

/** An entry of a share list; its subject may also be a minimum level of access. */
export type ShareEntry = (Subject | { readonly type: 'access'; readonly target: Level }) & Allowance

/** An object as loaded by its type. */
export interface Instance {
  readonly _id: string
  readonly [property: string]: unknown
}

/** The access required to read a property: the level, or one of the roles. */
export interface PropertyAccess {
  readonly access: Level
  readonly roles?: readonly string[]
  /** Shown only if `include` names it. */
  readonly optional?: boolean
}

/** The definition of a type of objects that connections can have as context (docs/module.md, Object types). */
export interface ObjectDefinition<Loaded extends Instance = Instance> {
  /** In singular and lower case, such as `document`. */
  readonly name: string
  /** The name in plural, such as `documents`. */
  readonly plural: string
  /** Loads objects by id, and leaves out unknown ids. Ids may come from untrusted callers. */
  readonly load: (ids: readonly string[]) => Promise<readonly Loaded[]>
  /** The account id of the owner; without it, objects have no owner. */
  readonly owner?: (object: Loaded) => string | null
  /** The access required for each property. Other properties are never shown. */
  readonly properties: { readonly [name: string]: Level | PropertyAccess }
  /** The property that names the object in e-mails, if the recipient may read it. */
  readonly title?: string
  /** Access without a connection; by default, the owner has `delete` and others have none. */
  readonly acl?: readonly AclEntry[] | ((object: Loaded) => readonly AclEntry[])
  /** Levels that a sharer can grant; by default `share`, `read` and `connected`. */
  readonly shareChain?: readonly Level[]
  /** Finer rules for sharing. If there are any, they replace `shareChain`. */
  readonly shareAcl?: readonly ShareEntry[]
  /** Whether objects of this type can have connections; true by default. */
  readonly allowConnections?: boolean
  /** Whether a target has to accept, except with `forceAuto`; true by default. */
  readonly requireAccept?: boolean
  /** The level that the caller must have on an account to connect it at once. At least `share`, the default. */
  readonly requiredAccess?: Level
  /** Whether a target that is connected at once gets an e-mail; true by default. */
  readonly sendNotifications?: boolean
  /** The minimum level that a connection grants; by default `connected`. */
  readonly leastAccess?: Level
}

/** A definition with all defaults filled in. */
export interface ObjectType {
  readonly name: string
  readonly plural: string
  readonly load: (ids: readonly string[]) => Promise<readonly Instance[]>
  readonly owner: (object: Instance) => string | null
  readonly properties: { readonly [name: string]: Required<PropertyAccess> & { readonly access: number } }
  readonly title: string | null
  readonly acl: (object: Instance) => readonly AclEntry[]
  /** In descending order. */
  readonly shareChain: readonly number[]
  readonly shareAcl: readonly ShareEntry[]
  readonly allowConnections: boolean
  readonly requireAccept: boolean
  readonly requiredAccess: number
  readonly sendNotifications: boolean
  readonly leastAccess: number
}

/** Levels of access by name (docs/module.md, Access levels). Level 3 is reserved. */
export const levels = {
  none: 0,
  public: 1,
  connected: 2,
  read: 4,
  share: 5,
  update: 6,
  delete: 7,
  script: 8,
  system: 9,
} as const

export type LevelName = keyof typeof levels

/** The highest level that a connection can grant. */
export const maxGranted = levels.delete

const offered: readonly number[] = Object.values(levels)

/**
 * Reads a level: a number, also as a string of digits, or a name. A number between or beyond the levels counts as the
 * next lower level, a negative one as `none`.
 *
 * @returns undefined for anything else
 */
export function readLevel(given: unknown): number | undefined {
  if (typeof given === 'string' && Object.hasOwn(levels, given)) return levels[given as LevelName]
  const number = typeof given === 'string' && /^\d+$/.test(given) ? Number(given) : given
  if (typeof number !== 'number' || Number.isNaN(number)) return undefined
  return offered.findLast((level) => level <= number) ?? levels.none
}

/**
 * A level in an application's definition.
 *
 * @param where place of the level, for the error
 * @throws TypeError for a value unknown to `readLevel`, so that a typing error never grants access
 */
export function levelOf(given: unknown, where: string): number {
  const level = readLevel(given)
  if (level !== undefined) return level
  throw new TypeError(`${where}: ${inspect(given)} is not an access level; ${levelNames}.`)
}

/** The highest level below another. */
export const levelBelow = (level: number): number => offered.findLast((each) => each < level) ?? levels.none

/** A hint with the levels, for messages. */
export const levelNames = `use a number, or one of ${Object.keys(levels).join(', ')}`

/** The defined types of objects, by their singular and plural names. */
export class ObjectTypes {
  readonly #types = new Map<string, ObjectType>()

  /**
   * Adds a type.
   *
   * @throws TypeError for a name that is missing, malformed or taken, a title that is not a property, an unknown level,
   *   missing properties, or a `load` or `owner` that is not a function
   */
  define(definition: ObjectDefinition): void {
    checkShape(definition)
    const type = complete(definition)
    for (const name of new Set([type.name, type.plural])) {
      if (this.#types.has(name)) throw new TypeError(`The type ${name} is already defined.`)
    }
    if (type.title !== null && !Object.hasOwn(type.properties, type.title)) {
      throw new TypeError(
        `The title ${type.title} must be one of the properties: ${Object.keys(type.properties).join(', ')}.`,
      )
    }
    this.#types.set(type.name, type).set(type.plural, type)
  }

  /** The singular names of all types. */
  names(): string[] {
    return [...new Set([...this.#types.values()].map(({ name }) => name))]
  }

  /** The type with this singular or plural name. */
  find(name: string): ObjectType | undefined {
    return this.#types.get(name)
  }
}

/**
 * Checks the names and functions of a definition, for JavaScript programs: a missing function would otherwise fail only
 * at the first call, as a server error.
 */
function checkShape({ name, plural, load, owner, properties }: ObjectDefinition): void {
  for (const [key, value] of Object.entries({ name, plural } as { [key: string]: unknown })) {
    if (typeof value === 'string' && /^[a-z][a-z0-9_]*$/.test(value)) continue
    throw new TypeError(`The ${key} of a type must be a lower-case word of a-z, 0-9 and _, not ${inspect(value)}.`)
  }
  const isFunction = (value: unknown) => typeof value === 'function'
  if (typeof properties !== 'object' || properties === null)
    throw new TypeError(`${name}.properties must be an object.`)
  if (!isFunction(load)) throw new TypeError(`${name}.load must be a function.`)
  if (owner && !isFunction(owner)) throw new TypeError(`${name}.owner must be a function, or left out.`)
}

/** A definition with its defaults. @throws TypeError for an unknown level */
export function complete(definition: ObjectDefinition): ObjectType {
  const { name, acl = [{ type: 'owner', allow: levels.delete }], shareAcl = [] } = definition
  const { shareChain = ['share', 'read', 'connected'], requiredAccess = levels.share } = definition
  const properties = Object.entries(definition.properties).map(([property, given]) => {
    const whole = typeof given === 'object' && given !== null ? given : { access: given }
    const { access, roles = [], optional = false } = whole
    return [property, { access: levelOf(access, `${name}.${property}`), roles, optional }] as const
  })
  checkLevels(shareAcl, `${name}.shareAcl`)
  if (typeof acl !== 'function') checkLevels(acl, `${name}.acl`)
  return {
    name,
    plural: definition.plural,
    load: async (ids) => asked(await definition.load([...ids]), ids, name),
    owner: definition.owner ?? (() => null),
    properties: Object.fromEntries(properties),
    title: definition.title ?? null,
    acl: typeof acl === 'function' ? acl : () => acl,
    shareChain: shareChain.map((level) => levelOf(level, `${name}.shareChain`)).sort((one, other) => other - one),
    shareAcl,
    allowConnections: definition.allowConnections ?? true,
    requireAccept: definition.requireAccept ?? true,
    requiredAccess: Math.max(levels.share, levelOf(requiredAccess, `${name}.requiredAccess`)),
    sendNotifications: definition.sendNotifications ?? true,
    leastAccess: levelOf(definition.leastAccess ?? levels.connected, `${name}.leastAccess`),
  }
}

function checkLevels(entries: readonly ShareEntry[], where: string): void {
  for (const entry of entries) {
    if (!('role' in entry)) levelOf(entry.allow, where)
    if (entry.type === 'access') levelOf(entry.target, where)
  }
}

/**
 * Checks the objects returned by a loader.
 *
 * @throws Error for an object with an id that was not requested, since access is decided by id
 */
function asked(loaded: readonly Instance[], ids: readonly string[], name: string): readonly Instance[] {
  const expected = new Set(ids)
  const other = loaded.find(({ _id }) => !expected.has(_id))
  if (!other) return loaded
  throw new Error(`load of ${name} returned an object with the _id ${inspect(other._id)}, which was not requested.`)
}
