import { fileURLToPath } from 'node:url'
import type { Config } from '../config.js'
import { isLoopback } from '../loopback.js'
import { castPassword } from '../directory/cast.js'

/**
 * Whether nobody but this machine is meant to reach the server: neither by its address, nor by that of its links, nor
 * through a proxy.
 */
export function isOwnMachine({
  HOST,
  BASE_URL,
  TRUST_PROXY,
}: Pick<Config, 'HOST' | 'BASE_URL' | 'TRUST_PROXY'>): boolean {
  const isLinkedHere = BASE_URL === undefined || isLoopback(new URL(BASE_URL).hostname)
  return isLoopback(HOST) && isLinkedHere && TRUST_PROXY.length === 0
}

export const castForbidden =
  'Others can reach this server, so the password that the example people shared is taken away from them for good.\n' +
  'Give somebody a new one by `npx connections account password USERID`.\n'

/** The folder of this package, in which npx finds it. */
const folder = fileURLToPath(new URL('../../..', import.meta.url)).replace(/[\\/]$/, '')

/**
 * What a person at the terminal needs to begin.
 *
 * @param own where the server listens, which `BASE_URL` hides
 * @param member user id of somebody who signs in with the cast's password; undefined where there is nobody
 */
export function greeting(config: Config, own: string, member: string | undefined): string {
  const baseUrl = config.BASE_URL ?? own
  const feed = `${baseUrl}/profiles/atom/connections.do?connectionType=colleague&status=accepted&userid=${member ?? 'USERID'}`
  const lines = member
    ? [
        `Sign in:  ${member}, password ${castPassword} (example people, for this machine only)`,
        `Try:      curl -u ${member}:${castPassword} '${feed}'`,
      ]
    : ['Sign in:  as somebody made by `npx connections account add` or brought in by `npx connections import`']
  const hints = isOwnMachine(config) ? [] : hintsFor(config, baseUrl)
  const commands = `Commands: npx connections, in ${folder}`
  const listens = baseUrl === own ? [] : [`Listens:  at ${own}`]
  return [`Connections is ready at ${baseUrl}`, `Feed:     ${feed}`, ...lines, commands, ...listens, ...hints, ''].join(
    '\n',
  )
}

/** What whoever opens the server to others may have forgotten. */
function hintsFor({ BASE_URL, TRUST_PROXY, ALLOW_INSECURE }: Config, baseUrl: string): string[] {
  const base = `Links:    begin with ${baseUrl}; set BASE_URL to the address that others reach this server by`
  const tls =
    'TLS:      nobody signs in from elsewhere without; have a proxy speak it, and name its address in TRUST_PROXY'
  const open = 'TLS:      ALLOW_INSECURE takes passwords without, which others can read on their way'
  return [
    ...(BASE_URL === undefined ? [base] : []),
    ...(ALLOW_INSECURE ? [open] : TRUST_PROXY.length === 0 ? [tls] : []),
  ]
}
