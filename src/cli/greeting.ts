import { castPassword } from '../directory/cast.js'

/** Whether only this machine can reach a server that listens on this host. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host)
}

/**
 * What a person at the terminal needs to begin.
 *
 * @param isBaseSure whether whoever reaches the server reaches it by `baseUrl`
 * @param member user id of somebody who signs in with the cast's password; undefined where there is nobody
 */
export function greeting(baseUrl: string, member: string | undefined, isBaseSure: boolean): string {
  const feed = `${baseUrl}/profiles/atom/connections.do?connectionType=colleague&status=accepted&userid=${member ?? 'USERID'}`
  const lines = member
    ? [
        `Sign in:  ${member}, password ${castPassword} (example people, for this machine only)`,
        `Try:      curl -u ${member}:${castPassword} '${feed}'`,
      ]
    : ['Sign in:  as somebody made by `npx connections account add` or brought in by `npx connections import`']
  const hint = `Links:    begin with ${baseUrl}; set BASE_URL to the address that others reach this server by`
  return [`Connections is ready at ${baseUrl}`, `Feed:     ${feed}`, ...lines, ...(isBaseSure ? [] : [hint]), ''].join(
    '\n',
  )
}
