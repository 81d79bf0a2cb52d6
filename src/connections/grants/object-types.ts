import { levelOf, levels } from './levels.js'
import type { ObjectDefinition, ObjectType } from './object-type.js'

/** The types of objects that are known, by their singular and their plural names. */
export class ObjectTypes {
  readonly #types = new Map<string, ObjectType>()

  /**
   * Makes a type known.
   *
   * @throws TypeError for a name that is malformed or taken, or a title that is no property
   */
  define(definition: ObjectDefinition): void {
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

/** A definition with its defaults. */
export function complete(definition: ObjectDefinition): ObjectType {
  const { acl = [{ type: 'owner', allow: levels.delete }], shareChain = ['share', 'read', 'connected'] } = definition
  const properties = Object.entries(definition.properties).map(([name, given]) => {
    const { access, roles = [], optional = false } = typeof given === 'object' ? given : { access: given }
    return [name, { access: levelOf(access), roles, optional }] as const
  })
  return {
    name: definition.name,
    plural: definition.plural,
    load: definition.load,
    owner: definition.owner ?? (() => null),
    properties: Object.fromEntries(properties),
    title: definition.title ?? null,
    acl: typeof acl === 'function' ? acl : () => acl,
    shareChain: shareChain.map(levelOf).sort((one, other) => other - one),
    shareAcl: definition.shareAcl ?? [],
    allowConnections: definition.allowConnections ?? true,
    requireAccept: definition.requireAccept ?? true,
    requiredAccess: Math.max(levels.share, levelOf(definition.requiredAccess ?? levels.share)),
    sendNotifications: definition.sendNotifications ?? true,
    leastAccess: levelOf(definition.leastAccess ?? levels.connected),
  }
}
