import type { RequestHandler } from 'express'
import { sql } from 'kysely'
import type { Context } from '../context.js'

/** Answers as long as the process turns. */
export const live: RequestHandler = (_request, response) => {
  response.setHeader('Cache-Control', 'no-store')
  response.type('text/plain').end('live\n')
}

/** Answers 200 while the database answers within a second and the server is not stopping, else 503. */
export function ready({ db }: Pick<Context, 'db'>, isStopping: () => boolean): RequestHandler {
  return async (_request, response) => {
    const isReady = !isStopping() && (await answersInTime(sql`select 1`.execute(db)))
    response.setHeader('Cache-Control', 'no-store')
    response
      .status(isReady ? 200 : 503)
      .type('text/plain')
      .end(isReady ? 'ready\n' : 'not ready\n')
  }
}

async function answersInTime(answer: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const tooLate = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), 1000)
  })
  const inTime = answer.then(
    () => true,
    () => false,
  )
  return Promise.race([inTime, tooLate]).finally(() => clearTimeout(timer))
}
