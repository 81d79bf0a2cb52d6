import { type RawBuilder, sql } from 'kysely'
import type { Property, PropertyType } from './properties.js'

/**
 * A property of a row of `connection as c`; the state as the number that is shown.
 *
 * @param use where the order counts, texts go by their bytes; elsewhere an index of the column may serve
 */
export function columnOf({ type, column }: Property, use?: 'ordered'): RawBuilder<unknown> {
  if (column === 'state') return sql`case c.state when 'active' then 1 else 0 end`
  const plain = sql.ref(`c.${column}`)
  return use === 'ordered' && (type === 'object' || type === 'email') ? sql`${plain} collate "C"` : sql`${plain}`
}

const types: Record<PropertyType, RawBuilder<unknown>> = {
  id: sql`uuid`,
  contextId: sql`text`,
  int: sql`bigint`,
  date: sql`timestamptz`,
  object: sql`text`,
  email: sql`text`,
  roles: sql`text`,
}

/** The type in SQL of the values of a property. */
export const typeOf = ({ type }: Property): RawBuilder<unknown> => types[type]
