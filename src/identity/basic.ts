import { isUtf8 } from 'node:buffer'
import type { Request } from 'express'
import type passport from 'passport'
import { BasicStrategy } from 'passport-http'
import type { Identity } from './identity.js'

/** What a client that must sign in is told, as value of WWW-Authenticate (RFC 7617, sections 2 and 2.1). */
export const challenge = 'Basic realm="connections", charset="UTF-8"'

/** A name and a password as somebody presents them. */
export interface Credentials {
  readonly user: string
  readonly password: string
}

/**
 * Reads the value of an Authorization field (RFC 7617, section 2). Nothing is guessed or repaired: where two
 * different headers could mean one password, one of them is refused.
 *
 * @returns both parts in Unicode normalization form C, else as received; undefined when it is not well-formed Basic
 */
export function parseBasic(header: string): Credentials | undefined {
  const encoded = /^basic +(\S+)$/i.exec(header)?.[1] ?? ''
  const bytes = Buffer.from(encoded, 'base64')
  // Node's decoder skips what is not base64; only the one true encoding comes back as it was.
  if (bytes.toString('base64') !== encoded || !isUtf8(bytes)) return undefined
  const text = bytes.toString()
  const colon = text.indexOf(':')
  if (colon < 1 || /\p{Cc}/u.test(text)) return undefined
  return { user: text.slice(0, colon).normalize('NFC'), password: text.slice(colon + 1).normalize('NFC') }
}

/** passport-http's strategy with a strict reading of the header: its own cuts passwords at a colon. */
export class StrictBasicStrategy extends BasicStrategy {
  /** @param check whose credentials these are; rejects when nobody's */
  constructor(readonly check: (credentials: Credentials, request: Request) => Promise<Identity>) {
    super(() => {})
  }

  override authenticate(this: passport.StrategyCreated<StrictBasicStrategy>, request: Request): void {
    const credentials = parseBasic(request.headers.authorization ?? '')
    if (!credentials) return this.fail(this._challenge())
    this.check(credentials, request).then(
      (identity) => this.success(identity),
      (error) => this.error(error),
    )
  }

  _challenge(): string {
    return challenge
  }
}
