import type { Extension, TextField } from './fields.js'

/**
 * What one document shows of one person. A field that is absent was not shown; one that is empty (`''`, `[]`, null)
 * was shown as empty. At least one of `key`, `userId` and `email` is there to say who it is.
 */
export interface Sighting {
  readonly key?: string
  readonly userId?: string
  readonly login?: string
  readonly email?: string
  readonly name?: string
  readonly state?: 'active' | 'inactive'
  readonly external?: boolean
  readonly roles?: readonly string[]
  readonly profile?: ShownProfile
  /** When the profile last changed, where the document says so. */
  readonly updated?: Date
  /** The moment for which the document speaks. */
  readonly seen: Date
}

export type ShownProfile = { readonly [Name in TextField]?: string } & {
  readonly tags?: readonly string[]
  readonly isManager?: boolean | null
  readonly extensions?: readonly Extension[]
}
