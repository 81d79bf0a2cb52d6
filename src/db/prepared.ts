import { createHash } from 'node:crypto'
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
import type { QueryConfig } from 'pg'
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

/** Postgres keeps named statements for each connection, so their number is bounded. */
const maxNames = 500
const names = new Map<string, string>()

/**
 * A statement as the driver takes it. Statements of `prepared` have a name: each connection parses and plans them once
 * (PostgreSQL, Extended Query). The name depends on the text alone, so two releases can share a connection.
 */
export const named = (text: string, values: unknown[]): QueryConfig => ({ name: names.get(text), text, values })

/**
 * Makes Postgres plan a named statement once, without its values. By default it would plan each call again, since it
 * overestimates the length of array parameters.
 */
export const planOnce = 'set plan_cache_mode = force_generic_plan'

function setName(text: string): void {
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 24)
  if (names.size < maxNames) names.set(text, `connections_${hash}`)
}

/**
 * Combines statements into one. It returns the rows of each part as JSON, and has a name as they do.
 *
 * @returns `rowsIn` gets the rows of a part from those of the combination
 */
export function combined(parts: readonly CompiledQuery<unknown>[]) {
  const [only, ...others] = parts
  if (only && others.length === 0) return { query: only, rowsIn: (rows: readonly unknown[]) => rows }
  const parameters = parts.flatMap((part) => [...part.parameters])
  const query = { ...(only as CompiledQuery<unknown>), sql: textOf(parts), parameters }
  const rowsIn = ([row]: readonly unknown[], place: number) => (row as Record<string, unknown[]>)[`part${place}`] ?? []
  return { query, rowsIn }
}

/** Texts of combinations, by the texts of their parts in turn. */
interface Texts {
  text?: string
  readonly next: Map<string, Texts>
}

const texts: Texts = { next: new Map() }

function textOf(parts: readonly CompiledQuery<unknown>[]): string {
  const place = parts.reduce((at: Texts, { sql: text }) => {
    const next = at.next.get(text) ?? { next: new Map<string, Texts>() }
    at.next.set(text, next)
    return next
  }, texts)
  return (place.text ??= combine(parts))
}

function combine(parts: readonly CompiledQuery<unknown>[]): string {
  let before = 0
  const selections = parts.map(({ sql: text, parameters }, place) => {
    const numbered = text.replaceAll(/\$(\d+)/g, (_, number) => `$${Number(number) + before}`)
    before += parameters.length
    return `(select coalesce(json_agg(part), '[]') from (${numbered}) as part) as part${place}`
  })
  const text = `select ${selections.join(', ')}`
  setName(text)
  return text
}

/** Builds a statement once and runs it with new values each time: building can cost as much as running. */
export function prepared<Values extends object, Row>(
  build: (db: Kysely<Tables>, value: Value<Values>) => Compilable<Row>,
): Prepared<Values, Row> {
  const built = build(builder, (name) => new Placeholder(name) as never).compile()
  setName(built.sql)
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
