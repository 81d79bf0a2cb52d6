import { type RawBuilder, sql } from 'kysely'
import { columnOf } from './column-statements.js'
import type { Sort } from './sort.js'

/** What goes behind `order by`, on rows of `connection as c`. */
export const orderOf = (sorts: readonly Sort[]): RawBuilder<unknown> =>
  sql.join(
    sorts.map(({ property, isDescending }) => {
      const direction = isDescending ? sql`desc` : sql`asc`
      // What is absent comes before all else, as in the reference. Said of other columns, it would keep indexes away.
      const absent = property.column !== 'expires_at' ? sql`` : isDescending ? sql` nulls last` : sql` nulls first`
      return sql`${columnOf(property, 'ordered')} ${direction}${absent}`
    }),
  )
