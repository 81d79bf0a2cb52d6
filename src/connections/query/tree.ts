import type { Property } from './properties.js'
import type { Value } from './values.js'

/** A condition on connections. Nothing in it is a name of the user's: properties are those of the table. */
export type Where =
  Condition | { readonly is: 'and' | 'or'; readonly of: readonly Where[] } | { readonly is: 'not'; readonly of: Where }

/** A condition on one property. What is absent fulfils none but `absent`, and the negation of every other. */
export type Condition =
  | { readonly is: 'absent'; readonly property: Property }
  | { readonly is: Comparison; readonly property: Property; readonly value: Value }
  | { readonly is: 'oneOf'; readonly property: Property; readonly values: readonly Value[] }
  | { readonly is: 'prefixed'; readonly property: Property; readonly prefix: string }
  | {
      readonly is: 'having'
      readonly property: Property
      readonly which: 'all' | 'any'
      readonly values: readonly Value[]
    }
  | { readonly is: 'sized'; readonly property: Property; readonly size: number }

export type Comparison = 'equal' | 'greater' | 'greaterOrEqual' | 'less' | 'lessOrEqual'

/** What holds for every connection. */
export const everything: Where = { is: 'and', of: [] }

/** The conditions all together. */
export const oneOrAll = (parts: readonly Where[]): Where =>
  parts.length === 1 ? (parts[0] as Where) : { is: 'and', of: parts }
