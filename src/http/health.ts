import type { RequestHandler } from 'express'
import type { Context } from '../context.js'
import { isAlive } from '../db/alive.js'

/** Answers as long as the process turns. */
export const live: RequestHandler = (_request, response) => {
  response.setHeader('Cache-Control', 'no-store')
  response.type('text/plain').end('live\n')
}

/** Answers 200 while the database answers within a second and the server is not stopping, else 503. */
export function ready({ db }: Pick<Context, 'db'>, isStopping: () => boolean): RequestHandler {
  return async (_request, response) => {
    const isReady = !isStopping() && (await isAlive(db, 1000))
    response.setHeader('Cache-Control', 'no-store')
    response
      .status(isReady ? 200 : 503)
      .type('text/plain')
      .end(isReady ? 'ready\n' : 'not ready\n')
  }
}
