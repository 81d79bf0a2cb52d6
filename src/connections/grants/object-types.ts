import { inspect } from 'node:util'
import { levelOf, levels } from './levels.js'
import type { Instance, ObjectDefinition, ObjectType, ShareEntry } from './object-type.js'

/** The types of objects that are known, by their singular and their plural names. */
export class ObjectTypes {
  readonly #types = new Map<string, ObjectType>()

  /**
   * Makes a type known.
   *
   * @throws TypeError for a name that is malformed or taken, a title that is no property, an unknown level, or a `load` or
   *   `owner` that is no function
   */
  define(definition: ObjectDefinition): void {
    checkFunctions(definition)
    const type = complete(definition)
    for (const name of new Set([type.name, type.plural])) {
      if (!/^[a-z][a-z0-9_]*$/.test(name)) throw new TypeError(`${name} is no name for a type: use a-z, 0-9 and _.`)
      if (this.#types.has(name)) throw new TypeError(`There is a type called ${name} already.`)
    }
    if (type.title !== null && !Object.hasOwn(type.properties, type.title)) {
      throw new TypeError(
        `The title ${type.title} must be one of the properties: ${Object.keys(type.properties).join(', ')}.`,
      )
    }
    this.#types.set(type.name, type).set(type.plural, type)
  }

  /** The singular names of all. */
  names(): string[] {
    return [...new Set([...this.#types.values()].map(({ name }) => name))]
  }

  /** Finds a type by either of its names. */
  find(name: string): ObjectType | undefined {
    return this.#types.get(name)
  }
}

/** For programs that no compiler checks: a missing function would only be found by the first call, as a fault of ours. */
function checkFunctions({ name, load, owner }: ObjectDefinition): void {
  const isFunction = (value: unknown) => typeof value === 'function'
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
 * The objects that a loader returned.
 *
 * @throws Error for an object with an id that was not asked for: access is decided by the id, so another object must not
 *   take its place
 */
function asked(loaded: readonly Instance[], ids: readonly string[], name: string): readonly Instance[] {
  const expected = new Set(ids)
  const other = loaded.find(({ _id }) => !expected.has(_id))
  if (!other) return loaded
  throw new Error(`load of ${name} returned an object with the _id ${inspect(other._id)}, which it was not asked for.`)
}
