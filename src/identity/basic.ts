import { isUtf8 } from 'node:buffer'
import type passport from 'passport'
import { BasicStrategy } from 'passport-http'
import type { Client, Credentials, Identity } from './identity.js'

/** The value of WWW-Authenticate in a 401 (RFC 7617, sections 2 and 2.1). */
export const challenge = 'Basic realm="connections", charset="UTF-8"'

/**
 * Reads the value of an Authorization field (RFC 7617, section 2). Strict: a malformed or ambiguous value is refused,
 * never repaired.
 *
 * @returns user name and password in Unicode normalization form C; undefined if the value is not well-formed Basic
 */
export function parseBasic(header: string): Credentials | undefined {
  const encoded = /^basic +(\S+)$/i.exec(header)?.[1] ?? ''
  const bytes = Buffer.from(encoded, 'base64')
  // Node's decoder skips invalid characters. Only the canonical encoding survives the round trip.
  if (bytes.toString('base64') !== encoded || !isUtf8(bytes)) return undefined
  const text = bytes.toString()
  const colon = text.indexOf(':')
  if (colon < 1 || /\p{Cc}/u.test(text)) return undefined
  return { user: text.slice(0, colon).normalize('NFC'), password: text.slice(colon + 1).normalize('NFC') }
}

/** The strategy of passport-http with a strict parser: the original one truncates a password at a colon. */
export class StrictBasicStrategy extends BasicStrategy {
  /** @param check finds the account of these credentials; rejects if there is none */
  constructor(readonly check: (credentials: Credentials, client: Client) => Promise<Identity>) {
    super(() => {})
  }

  /** @param request its property `client` holds the Authorization field */
  override authenticate(this: passport.StrategyCreated<StrictBasicStrategy>, request: object): void {
    const { client } = request as { readonly client: Client }
    const credentials = parseBasic(client.authorization[0] ?? '')
    if (!credentials) return this.fail(this._challenge())
    this.check(credentials, client).then(
      (identity) => this.success(identity),
      (error) => this.error(error),
    )
  }

  _challenge(): string {
    return challenge
  }
}
