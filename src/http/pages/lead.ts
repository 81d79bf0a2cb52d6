import type { RequestHandler, Response } from 'express'
import { to } from '../../pages/to.js'

/** Answers 303: the browser goes on with a GET (RFC 9110, section 15.4.4). */
export function leadTo(response: Response, place: string): void {
  response.setHeader('Cache-Control', 'no-store')
  response.setHeader('Location', place)
  response.setHeader('Content-Length', 0)
  response.status(303).end()
}

/** GET of `/`: leads to one's network. */
export const leadHome: RequestHandler = (_request, response) =>
  leadTo(response, to.network('accepted').replace('..', 'profiles'))
