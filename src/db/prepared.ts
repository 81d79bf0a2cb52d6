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

/** Marks, in a statement that is being built, where the value of a name will go. */
export type Value<Values> = <Name extends keyof Values>(name: Name) => Values[Name]

class Placeholder {
  constructor(readonly name: PropertyKey) {}
}

/** Builds statements without a database. */
const builder = new Kysely<Tables>({
  dialect: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  },
})

export interface Prepared<Values, Row> {
  /** What is sent, with these values. */
  with(values: Values): CompiledQuery<Row>
  run(db: Kysely<Tables>, values: Values): Promise<Row[]>
}

/** A statement that is built once and run with other values each time: building it can cost as much as running it. */
export function prepared<Values extends object, Row>(
  build: (db: Kysely<Tables>, value: Value<Values>) => Compilable<Row>,
): Prepared<Values, Row> {
  const built = build(builder, (name) => new Placeholder(name) as never).compile()
  const filled = (values: Values): CompiledQuery<Row> => ({
    ...built,
    parameters: built.parameters.map((each) =>
      each instanceof Placeholder ? values[each.name as keyof Values] : each,
    ),
  })
  return { with: filled, run: async (db, values) => (await db.executeQuery(filled(values))).rows }
}

/** Makes something once for each shape that is asked for. */
export function onceFor<Shape, Made>(make: (shape: Shape) => Made): (shape: Shape) => Made {
  const made = new Map<string, Made>()
  return (shape) => {
    const key = JSON.stringify(shape)
    const known = made.get(key)
    if (known !== undefined) return known
    const fresh = make(shape)
    made.set(key, fresh)
    return fresh
  }
}

/** A list of values as one JSON text: the statement stays the same however many rows it writes. */
export const json = (rows: readonly unknown[]) => sql`${JSON.stringify(rows)}::text::jsonb`
