import type { RequestListener } from 'node:http'
import express, { type Request, type Response } from 'express'
import { pino } from 'pino'
import { type Head, headOf } from '../../src/http/exchange.js'
import { failureAnswer } from '../../src/http/refusals.js'
import { render, send } from '../../src/http/response/send.js'
import type { HttpServices } from '../../src/http/services.js'
import type { Session } from '../../src/identity/identity.js'

/** The session of a client without cookies. */
export const noSession: Session = {
  isNamed: false,
  load: () => Promise.resolve(undefined),
  open: () => Promise.reject(new Error('no session')),
  end: () => Promise.resolve(),
  forget: () => {},
}

const log = pino({ level: 'silent' })

/** An app whose requests go through one step of the pipeline, and are refused as by our app. */
export function stepApp(
  step: (request: Request, response: Response, head: Head) => void | Promise<void>,
  identify: HttpServices['identify'] = () => Promise.resolve(null),
): RequestListener {
  const app = express().set('trust proxy', '127.0.0.1')
  return app.use(async (request, response) => {
    const head = headOf(request, { address: request.ip ?? '', isSecure: request.secure, session: noSession }, identify)
    try {
      await step(request, response, head)
    } catch (error) {
      send(response, {}, await render(failureAnswer(log, head, error), head, () => new Date()))
    }
  }) as RequestListener
}
