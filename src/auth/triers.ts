import { createHash } from 'node:crypto'
import { isIPv6 } from 'node:net'

/** Of what wrong tries are counted. */
export interface Trier {
  /** A hash: what is typed for a name may be a password. */
  readonly key: string
  /** From how many wrong tries on it has to wait. */
  readonly most: number
}

/** The account or name, and the address, that a password comes with. */
export type Triers = readonly [name: Trier, address: Trier]

/**
 * The counts of wrong passwords for a name from an address (trust, A7). An account has a count of its own at an address
 * that is known for it. All other addresses share one for the name, whether anybody has it or not. Lock order: name, then
 * address.
 *
 * @param known the key of the account at this address (`known-addresses.ts`)
 */
export const triersOf = (name: string, address: string, known: string | undefined): Triers => [
  { key: known ?? hashed(`name ${name.toLowerCase()}`), most: 5 },
  { key: hashed(`address ${networkOf(address)}`), most: 50 },
]

const hashed = (text: string) => createHash('sha256').update(text).digest('base64')

/** As some proxies write it: with the port, which is another for each connection. */
const withPort = /^(?:\[([\da-f:.]+)\](?::\d+)?|(\d+(?:\.\d+){3}):\d+)$/i

/** An IPv4 address, or the first half of an IPv6 one: who has one of the second halves has them all. */
export function networkOf(told: string): string {
  const [, framed, bare] = withPort.exec(told) ?? []
  const address = framed ?? bare ?? told
  const [, mapped] = /^::ffff:(\d+(?:\.\d+){3})$/i.exec(address) ?? []
  if (mapped !== undefined) return mapped
  if (!isIPv6(address)) return address
  const [before = '', after] = address.split('::')
  const [groups, last] = [before, after ?? ''].map((part) => part.split(':').filter((group) => group !== ''))
  const zeros = after === undefined ? 0 : Math.max(0, 8 - (groups?.length ?? 0) - (last?.length ?? 0))
  const all = [...(groups ?? []), ...Array<string>(zeros).fill('0'), ...(last ?? [])]
  return all
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')
}
