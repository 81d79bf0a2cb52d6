import { connect, type Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { Kysely, PostgresDialect, type PostgresPoolClient, sql } from 'kysely'
import pg from 'pg'
import { Failure } from '../errors.js'
import { type Breaker, breaker } from './breaker.js'
import { type Database, resultTypes } from './database.js'
import type { Tables } from './tables.js'
import { endsConnection, NoConnection } from './transact.js'
import { patienceNow } from './turns.js'

const poolSize = 10
/** How long opening a connection, or waiting for a free one, may take, in milliseconds. */
const connectionTimeoutMillis = 2_000

/** What the connections of one pool share. Those of an earlier generation are not used again. */
interface Terms {
  generation: number
  /** How long a statement may take, in milliseconds; undefined for as long as it needs. */
  deadline: number | undefined
  readonly hasPooler: boolean
}

/** Opens a pool of connections to a Postgres server, with a breaker in front of it. As `openDatabase`. */
export function openServer(
  connectionString: string,
  pooler: 'none' | 'transaction',
  onError: (error: Error) => void,
): Database {
  const terms: Terms = { generation: 0, deadline: undefined, hasPooler: pooler === 'transaction' }
  const config = {
    connectionString,
    connectionTimeoutMillis,
    fallback_application_name: 'connections',
    types: resultTypes,
  }
  const away = breaker(
    (end) => answers({ ...config, ...timeouts(terms) }, end),
    (error) => {
      terms.generation++
      onError(error)
    },
  )
  const pool = new pg.Pool({ ...config, Client: clientOn(terms, away), max: poolSize })
  // A connection that breaks, idle or in use, reports it as an event; unheard it would end the process.
  pool.on('error', onError)
  const open = new Set<pg.PoolClient>()
  pool.on('connect', (client) => void open.add(client.on('error', onError)))
  pool.on('remove', (client) => void open.delete(client))
  const borrow = async (until = performance.now() + (patienceNow() ?? 0)): Promise<PostgresPoolClient> => {
    away.check()
    const client = (await pool.connect().catch((cause: Error) => {
      if (!isTimeout(cause) || performance.now() >= until) throw new NoConnection(cause)
    })) as (pg.PoolClient & Shared) | undefined
    if (client?.generation === terms.generation) return lent(client)
    client?.release(true)
    return borrow(until)
  }
  const lender = { connect: () => borrow(), end: () => pool.end() }
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool: lender }) })
  const limit = async (milliseconds: number) => {
    terms.deadline = milliseconds
    terms.generation++
    await sql`select 1`.execute(db).catch(explain)
  }
  const close = async () => {
    await away.close()
    await db.destroy()
    // A server that does not answer does not close its side either.
    for (const { connection } of open) (connection.stream as Socket).destroySoon()
  }
  return { db, limit, close }
}

/** Whether a connection was waited for as long as the pool lets anybody. */
const isTimeout = ({ message }: Error) =>
  /^(timeout exceeded|Connection terminated due to connection timeout)/.test(message)

/** A pooler knows few parameters of a connection, and refuses the others. */
function explain(error: unknown): never {
  if (!(error instanceof Error && error.message.startsWith('unsupported startup parameter'))) throw error
  const sentence = 'The pooler in front of the database refuses timeouts. Set POOLER=transaction to do without them.'
  throw new Failure('invalid', sentence, { cause: error })
}

/** As parameters of a connection; the server ends a statement before we give it up, and a wait for a lock before that. */
const timeouts = ({ deadline, hasPooler }: Terms): pg.ClientConfig =>
  deadline === undefined || hasPooler
    ? {}
    : {
        statement_timeout: Math.ceil((deadline * 5) / 6),
        lock_timeout: Math.ceil(deadline / 3),
        idle_in_transaction_session_timeout: 10_000,
      }

interface Shared {
  readonly generation: number
  /** Whether an error says that it must not be used again. */
  isSpent: boolean
}

/** The connection as Kysely takes it, which gives back each as good. */
const lent = (client: pg.PoolClient & Shared) =>
  ({
    query: (text: string, values: unknown[]) => client.query(text, values),
    release: () => client.release(client.isSpent),
  }) as unknown as PostgresPoolClient

/**
 * A client that gives up a statement once it takes too long: first by asking the server to cancel it, and if that does not
 * answer by giving up the connection, since one with an answer still to come must not be used again.
 */
function clientOn(terms: Terms, away: Breaker): typeof pg.Client {
  return class extends pg.Client implements Shared {
    readonly generation = terms.generation
    isSpent = false

    constructor(config: pg.ClientConfig) {
      super({ ...config, ...timeouts(terms) })
    }

    override connect(...[done]: unknown[]) {
      const heard = (error: Error | null, ...more: unknown[]) => {
        if (!error || isAnswer(error)) away.answered()
        else if (terms.deadline !== undefined) away.unanswered(error)
        ;(done as (...outcome: unknown[]) => void)(error, ...more)
      }
      return super.connect(heard) as never
    }

    override query(...parameters: unknown[]) {
      const answer: unknown = Reflect.apply(super.query.bind(this), this, parameters)
      return (answer instanceof Promise ? this.#inTime(answer) : answer) as never
    }

    async #inTime(answer: Promise<unknown>): Promise<unknown> {
      const limits = terms.deadline === undefined ? undefined : this.#limits(terms.deadline)
      try {
        const result = await answer
        away.answered()
        return result
      } catch (error) {
        if (isAnswer(error)) away.answered()
        this.isSpent ||= endsConnection(error)
        throw error
      } finally {
        await limits?.end()
      }
    }

    /** Cancels the statement shortly before the deadline, and destroys the connection at the deadline. */
    #limits(deadline: number) {
      const { stream } = this.connection
      let isOver = false
      let cancelled: Promise<void> | undefined
      const giveUp = () => {
        if (isOver) return
        // Not as a connection that broke: a read that is done again then would take as long once more.
        const error = new NoConnection(new Error(`The database did not answer within ${deadline} ms.`))
        this.isSpent = true
        stream.destroy(error)
        away.unanswered(error)
      }
      const patience = (deadline * 11) / 12
      let timer = setTimeout(() => {
        cancelled = cancel(this)
        // Begun only here: if this process was held up, the answer may be there already, and is read first.
        timer = setTimeout(giveUp, deadline - patience)
      }, patience)
      return {
        end: async () => {
          isOver = true
          clearTimeout(timer)
          // A cancellation that is still under way would end the next statement.
          await cancelled
        },
      }
    }
  }
}

/** Whether Postgres itself said so. */
const isAnswer = (error: unknown) => error instanceof pg.DatabaseError

/**
 * Asks the server to cancel what runs on a connection (Postgres, frontend/backend protocol, CancelRequest).
 *
 * @returns resolves once the server has taken the request, or does not answer
 */
function cancel(client: pg.Client): Promise<void> {
  const { host, port, processID, secretKey } = client as pg.Client & { processID: number; secretKey: number }
  const socket = host.startsWith('/') ? connect(`${host}/.s.PGSQL.${port}`) : connect(port, host)
  const request = Buffer.alloc(16)
  for (const [at, part] of [16, 80_877_102, processID, secretKey].entries()) request.writeInt32BE(part, at * 4)
  return new Promise((resolve) => {
    socket.setTimeout(500, () => socket.destroy())
    socket.on('error', () => {}).on('close', () => resolve())
    // Kept open until the server closes it, which says that the request was passed on; a pooler drops it otherwise.
    socket.resume().write(request)
  })
}

/** Whether the server answers a statement on a connection of its own. */
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
