import type { CompiledQuery, Kysely } from 'kysely'
import { combined } from './prepared.js'
import type { Tables } from './tables.js'

/** A look-up of several keys by one statement. */
interface LookUp<Key, Row, Result> {
  readonly query: (keys: readonly Key[]) => CompiledQuery<Row>
  /** Reads the results from the rows, in the order of the keys. */
  readonly read: (rows: readonly Row[], keys: readonly Key[]) => readonly Result[]
  /** Equal for equal keys: they are looked up once. */
  readonly nameOf: (key: Key) => string
}

interface Waiting {
  readonly key: unknown
  readonly result: Promise<unknown>
  readonly resolve: (result: unknown) => void
  readonly reject: (error: unknown) => void
}

type AnyLookUp = LookUp<unknown, unknown, unknown>

/** The look-ups that wait for a database. */
interface Line {
  waiting: Map<AnyLookUp, Map<string, Waiting>>
  running: number
  /** Start of the last statement, in milliseconds. */
  began: number
  /** Begins the next statement if the last one is slow. */
  timer?: NodeJS.Timeout | undefined
}

/** A statement that takes longer does not hold up the next. */
const slowMs = 50
const maxRunning = 3

const lines = new WeakMap<Kysely<Tables>, Line>()
/** The order of look-ups in a combined statement. */
const orders = new WeakMap<AnyLookUp, number>()
let count = 0

/**
 * Joins the look-ups of many requests into one statement, together with those of other kinds. The statement begins when
 * all requests of this turn of the event loop are read; look-ups that come while it runs share the next one. So every
 * look-up is answered by a statement that began after it was made.
 *
 * @returns rejects with the error of the database
 */
export const gathered = <Key, Row, Result>(lookUp: LookUp<Key, Row, Result>) => joining(lookUp, lines)

/** As `gathered`, for large results: only look-ups of this kind share a statement. */
export const gatheredAlone = <Key, Row, Result>(lookUp: LookUp<Key, Row, Result>) =>
  joining(lookUp, new WeakMap<Kysely<Tables>, Line>())

function joining<Key, Row, Result>(lookUp: LookUp<Key, Row, Result>, of: WeakMap<Kysely<Tables>, Line>) {
  const kind = lookUp as unknown as AnyLookUp
  orders.set(kind, count++)
  return (db: Kysely<Tables>, key: Key): Promise<Result> => {
    const line: Line = of.get(db) ?? { waiting: new Map(), running: 0, began: 0 }
    of.set(db, line)
    const keys = line.waiting.get(kind) ?? new Map<string, Waiting>()
    line.waiting.set(kind, keys)
    const name = lookUp.nameOf(key)
    const known = keys.get(name)
    if (known) return known.result as Promise<Result>
    const { promise: result, resolve, reject } = withResolvers<Result>()
    keys.set(name, { key, result, resolve: resolve as Waiting['resolve'], reject })
    if (isFree(line)) setImmediate(begin, db, line)
    else line.timer ??= setTimeout(beginLate, slowMs, db, line).unref()
    return result
  }
}

const isFree = ({ running, began }: Line) =>
  running === 0 || (running < maxRunning && performance.now() - began > slowMs)

function begin(db: Kysely<Tables>, line: Line): void {
  if (line.waiting.size > 0 && isFree(line)) void run(db, line)
}

function beginLate(db: Kysely<Tables>, line: Line): void {
  line.timer = undefined
  begin(db, line)
}

async function run(db: Kysely<Tables>, line: Line): Promise<void> {
  const kinds = [...line.waiting].map(([lookUp, waiting]) => ({ lookUp, waiting: [...waiting.values()] }))
  // In one order, so that the combination has one text.
  kinds.sort((one, other) => (orders.get(one.lookUp) ?? 0) - (orders.get(other.lookUp) ?? 0))
  line.waiting = new Map()
  line.running++
  line.began = performance.now()
  try {
    const keysOf = (waiting: readonly Waiting[]) => waiting.map(({ key }) => key)
    const { query, rowsIn } = combined(kinds.map(({ lookUp, waiting }) => lookUp.query(keysOf(waiting))))
    const { rows } = await db.executeQuery(query)
    for (const [place, { lookUp, waiting }] of kinds.entries()) {
      const results = lookUp.read(rowsIn(rows, place), keysOf(waiting))
      waiting.forEach(({ resolve }, index) => resolve(results[index]))
    }
  } catch (error) {
    for (const { waiting } of kinds) for (const { reject } of waiting) reject(error)
  } finally {
    line.running--
    begin(db, line)
  }
}

/** As `Promise.withResolvers` of newer Node versions. */
function withResolvers<Result>() {
  let resolve: (result: Result) => void = () => {}
  let reject: (error: unknown) => void = () => {}
  const promise = new Promise<Result>((keep, fail) => {
    resolve = keep
    reject = fail
  })
  return { promise, resolve, reject }
}
