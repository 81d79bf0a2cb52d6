import express, { type Request, type Response } from 'express'
import { Failure } from '../errors.js'

const most = 64 * 1024
const raw = express.raw({ type: () => true, limit: most, inflate: false })

/**
 * The body of a request, whatever it calls itself: a known client sends its Atom entry as `text/plain` (wire reference,
 * section 5.1).
 *
 * @returns no bytes where there is no body
 * @throws Failure `bodyTooLarge` for more than 64 KiB, `mediaTypeUnsupported` for a compressed one, `invalid` for one that
 *   breaks off
 */
export function readBody(request: Request, response: Response): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    raw(request, response, (error?: { type?: string }) => {
      if (error) reject(refusal(error))
      else resolve(request.body instanceof Uint8Array ? request.body : new Uint8Array())
    })
  })
}

function refusal(cause: { type?: string }): Failure {
  switch (cause.type) {
    case 'entity.too.large':
      return new Failure('bodyTooLarge', `The body may have at most ${most} bytes.`, { cause })
    case 'encoding.unsupported':
      return new Failure('mediaTypeUnsupported', 'Send the body as it is, not compressed, without Content-Encoding.', {
        cause,
      })
    default:
      return new Failure('invalid', 'The body broke off or has another length than the request says.', { cause })
  }
}
