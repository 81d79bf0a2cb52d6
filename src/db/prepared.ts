import {
  type Compilable,
  type CompiledQuery,
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  sql,
} from 'kysely'
import type { Tables } from './tables.js'

/** Returns the placeholder of a named value in a statement. */
export type Value<Values> = <Name extends keyof Values>(name: Name) => Values[Name]

class Placeholder {
  constructor(readonly name: PropertyKey) {}
}

const builder = new Kysely<Tables>({
  dialect: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  },
})

export interface Prepared<Values, Row> {
  /** The statement with its values filled in. */
  with(values: Values): CompiledQuery<Row>
  run(db: Kysely<Tables>, values: Values): Promise<Row[]>
}

/** Builds a statement once and runs it with new values each time: building can cost as much as running. */
export function prepared<Values extends object, Row>(
  build: (db: Kysely<Tables>, value: Value<Values>) => Compilable<Row>,
): Prepared<Values, Row> {
  const built = build(builder, (name) => new Placeholder(name) as never).compile()
  const withValues = (values: Values): CompiledQuery<Row> => ({
    ...built,
    parameters: built.parameters.map((each) =>
      each instanceof Placeholder ? values[each.name as keyof Values] : each,
    ),
  })
  return { with: withValues, run: async (db, values) => (await db.executeQuery(withValues(values))).rows }
}

/** Memoizes a function by the JSON of its argument. */
export function onceFor<Shape, Made>(make: (shape: Shape) => Made): (shape: Shape) => Made {
  const cache = new Map<string, Made>()
  return (shape) => {
    const key = JSON.stringify(shape)
    const cached = cache.get(key)
    if (cached !== undefined) return cached
    const made = make(shape)
    cache.set(key, made)
    return made
  }
}

/** Passes rows as one JSON parameter, so that the statement is the same for any number of rows. */
export const json = (rows: readonly unknown[]) => sql`${JSON.stringify(rows)}::text::jsonb`
