import { connect, type Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { Kysely, PostgresDialect, type PostgresPoolClient, sql } from 'kysely'
import pg from 'pg'
import { Failure } from '../errors.js'
import { type Breaker, breaker } from './breaker.js'
import { type Database, resultTypes } from './database.js'
import type { Tables } from './tables.js'
import { named, planOnce } from './prepared.js'
import { endsConnection, isStalePlan, NoConnection } from './transact.js'
import { waitLimit } from './turns.js'

const poolSize = 10
/** Timeout for opening a connection, and for waiting for a free one. */
const connectionTimeoutMillis = 2_000

/** State shared by the connections of one pool. */
interface PoolState {
  /** Connections opened in an earlier generation are not used again. */
  generation: number
  /** Statement timeout in milliseconds; undefined means no limit. */
  timeoutMs: number | undefined
  readonly hasPooler: boolean
}

/** Opens a pool of connections to a Postgres server, behind a circuit breaker. See `openDatabase`. */
export function openServer(
  connectionString: string,
  pooler: 'none' | 'transaction',
  onError: (error: Error) => void,
): Database {
  const state: PoolState = { generation: 0, timeoutMs: undefined, hasPooler: pooler === 'transaction' }
  const config = {
    connectionString,
    connectionTimeoutMillis,
    fallback_application_name: 'connections',
    types: resultTypes,
  }
  const circuit = breaker(
    (end) => answers({ ...config, ...timeouts(state) }, end),
    (error) => {
      state.generation++
      onError(error)
    },
  )
  const pool = new pg.Pool({ ...config, Client: clientOf(state, circuit), max: poolSize })
  // Broken connections emit error events, whether idle or in use. An unhandled one would end the process.
  pool.on('error', onError)
  const open = new Set<pg.PoolClient>()
  pool.on('connect', (client) => {
    open.add(client.on('error', onError))
    if (!state.hasPooler) client.query(planOnce).catch(onError)
  })
  pool.on('remove', (client) => void open.delete(client))
  const borrow = async (until = performance.now() + (waitLimit() ?? 0)): Promise<PostgresPoolClient> => {
    circuit.check()
    const client = (await pool.connect().catch((cause: Error) => {
      if (!isTimeout(cause) || performance.now() >= until) throw new NoConnection(cause)
    })) as (pg.PoolClient & Pooled) | undefined
    if (client?.generation === state.generation) return lend(client, state.hasPooler)
    client?.release(true)
    return borrow(until)
  }
  const lender = { connect: () => borrow(), end: () => pool.end() }
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool: lender }) })
  const limit = async (milliseconds: number) => {
    state.timeoutMs = milliseconds
    state.generation++
    await sql`select 1`.execute(db).catch(explain)
  }
  const close = async () => {
    await circuit.close()
    await db.destroy()
    // Needed if the server is unresponsive and never closes its side.
    for (const { connection } of open) (connection.stream as Socket).destroySoon()
  }
  return { db, limit, close }
}

/** Whether the pool gave up waiting for a connection. */
const isTimeout = ({ message }: Error) =>
  /^(timeout exceeded|Connection terminated due to connection timeout)/.test(message)

/** Explains the error of a pooler that does not support our timeouts as connection parameters. */
function explain(error: unknown): never {
  if (!(error instanceof Error && error.message.startsWith('unsupported startup parameter'))) throw error
  const sentence = 'The pooler in front of the database refuses timeouts. Set POOLER=transaction to do without them.'
  throw new Failure('invalid', sentence, { cause: error })
}

/** Timeouts enforced by Postgres. They expire before our own: the lock timeout first, then the statement timeout. */
const timeouts = ({ timeoutMs, hasPooler }: PoolState): pg.ClientConfig =>
  timeoutMs === undefined || hasPooler
    ? {}
    : {
        statement_timeout: Math.ceil((timeoutMs * 5) / 6),
        lock_timeout: Math.ceil(timeoutMs / 3),
        idle_in_transaction_session_timeout: 10_000,
      }

interface Pooled {
  readonly generation: number
  /** Whether an error made the connection unusable. */
  isSpent: boolean
}

/**
 * Wraps a client for Kysely. Kysely always releases clients for reuse; the wrapper destroys a spent one instead.
 * Behind a pooler, statements have no names, since the next one may use another connection.
 */
const lend = (client: pg.PoolClient & Pooled, hasPooler: boolean) =>
  ({
    query: (text: string, values: unknown[]) => client.query(hasPooler ? { text, values } : named(text, values)),
    release: () => client.release(client.isSpent),
  }) as unknown as PostgresPoolClient

/**
 * Returns a client class that gives up a statement at the timeout. The client first asks the server to cancel the
 * statement. If there is still no answer, it destroys the connection, since a late answer would be taken for the answer
 * to the next statement.
 */
function clientOf(state: PoolState, circuit: Breaker): typeof pg.Client {
  return class extends pg.Client implements Pooled {
    readonly generation = state.generation
    isSpent = false

    constructor(config: pg.ClientConfig) {
      super({ ...config, ...timeouts(state) })
    }

    override connect(...[done]: unknown[]) {
      const report = (error: Error | null, ...more: unknown[]) => {
        if (!error || isAnswer(error)) circuit.answered()
        else if (state.timeoutMs !== undefined) circuit.unanswered(error)
        ;(done as (...outcome: unknown[]) => void)(error, ...more)
      }
      return super.connect(report) as never
    }

    override query(...parameters: unknown[]) {
      const answer: unknown = Reflect.apply(super.query.bind(this), this, parameters)
      return (answer instanceof Promise ? this.#inTime(answer) : answer) as never
    }

    async #inTime(answer: Promise<unknown>): Promise<unknown> {
      const timer = state.timeoutMs === undefined ? undefined : this.#startTimer(state.timeoutMs)
      try {
        const result = await answer
        circuit.answered()
        return result
      } catch (error) {
        if (isAnswer(error)) circuit.answered()
        this.isSpent ||= endsConnection(error)
        // A retry must not meet another connection that holds the same statement.
        if (isStalePlan(error) && this.generation === state.generation) state.generation++
        throw error
      } finally {
        await timer?.end()
      }
    }

    /** Cancels the statement shortly before the timeout, and destroys the connection at the timeout. */
    #startTimer(timeoutMs: number) {
      const { stream } = this.connection
      let isOver = false
      let cancelled: Promise<void> | undefined
      const giveUp = () => {
        if (isOver) return
        // Not reported as a broken connection: callers would repeat their read and wait just as long again.
        const error = new NoConnection(new Error(`The database did not answer within ${timeoutMs} ms.`))
        this.isSpent = true
        stream.destroy(error)
        circuit.unanswered(error)
      }
      const cancelAfterMs = (timeoutMs * 11) / 12
      let timer = setTimeout(() => {
        cancelled = cancel(this)
        // Started only now, so that after a stall of this process, an answer that has already arrived is read first.
        timer = setTimeout(giveUp, timeoutMs - cancelAfterMs)
      }, cancelAfterMs)
      return {
        end: async () => {
          isOver = true
          clearTimeout(timer)
          // A pending cancellation would hit the next statement.
          await cancelled
        },
      }
    }
  }
}

/** Whether the error came from Postgres itself. */
const isAnswer = (error: unknown) => error instanceof pg.DatabaseError

/**
 * Cancels the running statement of a connection (PostgreSQL, frontend/backend protocol, CancelRequest).
 *
 * @returns resolves once the server closes the socket, or after half a second without activity
 */
function cancel(client: pg.Client): Promise<void> {
  const { host, port, processID, secretKey } = client as pg.Client & { processID: number; secretKey: number }
  const socket = host.startsWith('/') ? connect(`${host}/.s.PGSQL.${port}`) : connect(port, host)
  const request = Buffer.alloc(16)
  for (const [at, part] of [16, 80_877_102, processID, secretKey].entries()) request.writeInt32BE(part, at * 4)
  return new Promise((resolve) => {
    socket.setTimeout(500, () => socket.destroy())
    socket.on('error', () => {}).on('close', () => resolve())
    // The socket stays open until the server closes it; otherwise a pooler would drop the request.
    socket.resume().write(request)
  })
}

/** Whether the server answers a statement on a new connection. */
async function answers(config: pg.ClientConfig, end: AbortSignal): Promise<boolean> {
  const client = new pg.Client({ ...config, query_timeout: connectionTimeoutMillis })
  client.on('error', () => {})
  const { stream } = client.connection
  const stop = () => void stream.destroy()
  end.addEventListener('abort', stop)
  try {
    await client.connect()
    await client.query('select 1')
    await Promise.race([client.end(), wait(100)])
    return true
  } catch (error) {
    return isAnswer(error)
  } finally {
    end.removeEventListener('abort', stop)
    stop()
  }
}
