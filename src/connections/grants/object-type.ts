import type { LevelName } from './levels.js'

/** A level of access, by number or name. */
export type Level = number | LevelName

/** Whoever an entry of an access list is about. */
export type Subject =
  /** One account by its id, `signed-in` for everyone who has one, or `anyone`. */
  | { readonly type: 'account'; readonly target: string }
  /** The account that is itself the context. */
  | { readonly type: 'self' }
  | { readonly type: 'role'; readonly target: string }
  | { readonly type: 'owner' }

/** Gives a level or a role. */
export type Allowance = { readonly allow: Level } | { readonly role: string }

/** What everyone concerned has of a context without a connection (reference, section 3). */
export type AclEntry = Subject & Allowance

/** What somebody may pass on of a context: also whoever has at least a level of access to it. */
export type ShareEntry = (Subject | { readonly type: 'access'; readonly target: Level }) & Allowance

/** An object as its type loads it. */
export interface Instance {
  readonly _id: string
  readonly [property: string]: unknown
}

/** Who may read a property of an object: whoever has the level, or one of the roles. */
export interface PropertyAccess {
  readonly access: Level
  readonly roles?: readonly string[]
  /** Whether it is left out unless it is asked for by `include`. */
  readonly optional?: boolean
}

/** Describes a type of object that connections can have for their context (reference, section 3). */
export interface ObjectDefinition<Loaded extends Instance = Instance> {
  /** Lower case, such as `document`. */
  readonly name: string
  /** Such as `documents`. */
  readonly plural: string
  /** Loads objects by id, a text that a caller may have made up; those that do not exist are left out. */
  readonly load: (ids: readonly string[]) => Promise<readonly Loaded[]>
  /** The account id of the owner; where it is absent, nobody owns the object. */
  readonly owner?: (object: Loaded) => string | null
  /** Who may read which property; properties that are not listed are shown to nobody. */
  readonly properties: { readonly [name: string]: Level | PropertyAccess }
  /** The property, a text, by which letters name an object to whoever may read it; without it they name none. */
  readonly title?: string
  /** What people have without a connection; by default the owner has `delete`. */
  readonly acl?: readonly AclEntry[] | ((object: Loaded) => readonly AclEntry[])
  /** Levels that may be passed on; by default `share`, `read` and `connected`. */
  readonly shareChain?: readonly Level[]
  /** Finer rules, in place of the chain where there are any. */
  readonly shareAcl?: readonly ShareEntry[]
  /** Whether objects of this type take connections at all; by default they do. */
  readonly allowConnections?: boolean
  /** Whether a target has to accept, unless `forceAuto` says otherwise; by default so. */
  readonly requireAccept?: boolean
  /** The access to an account that whoever connects it at once needs; at least and by default `share`. */
  readonly requiredAccess?: Level
  /** Whether a target that is connected at once gets a letter; by default so. */
  readonly sendNotifications?: boolean
  /** The least level that a connection grants; by default `connected`. */
  readonly leastAccess?: Level
}

/** A definition with nothing left open. */
export interface ObjectType {
  readonly name: string
  readonly plural: string
  readonly load: (ids: readonly string[]) => Promise<readonly Instance[]>
  readonly owner: (object: Instance) => string | null
  readonly properties: { readonly [name: string]: Required<PropertyAccess> & { readonly access: number } }
  readonly title: string | null
  readonly acl: (object: Instance) => readonly AclEntry[]
  /** Descending. */
  readonly shareChain: readonly number[]
  readonly shareAcl: readonly ShareEntry[]
  readonly allowConnections: boolean
  readonly requireAccept: boolean
  readonly requiredAccess: number
  readonly sendNotifications: boolean
  readonly leastAccess: number
}
