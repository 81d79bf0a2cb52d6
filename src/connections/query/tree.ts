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

/** The values that a column has wherever a condition holds; undefined if the condition does not say. */
export function valuesOf(where: Where, column: Property['column']): readonly Value[] | undefined {
  if (where.is === 'and') return where.of.map((each) => valuesOf(each, column)).find((values) => values !== undefined)
  if (where.is === 'equal' && where.property.column === column) return [where.value]
  if (where.is === 'oneOf' && where.property.column === column) return where.values
  return undefined
}

/** Every property that a condition names, wherever in it. */
export function propertiesIn(where: Where): Property[] {
  if ('property' in where) return [where.property]
  return where.is === 'not' ? propertiesIn(where.of) : where.of.flatMap(propertiesIn)
}

/** The conditions all together. */
export const oneOrAll = (parts: readonly Where[]): Where =>
  parts.length === 1 ? (parts[0] as Where) : { is: 'and', of: parts }
