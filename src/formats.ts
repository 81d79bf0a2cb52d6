/** The sender or recipient of an e-mail: an address, and a name that may be empty. */
export interface Mailbox {
  readonly name: string
  readonly address: string
}

/** Reads `address`, `<address>` or `Name <address>`; undefined for anything else. */
export function readMailbox(text: string): Mailbox | undefined {
  const [, name = '', framed] = /^(?:"?([^"<>\p{Cc}]*?)"?\s*)<([^<>]*)>$/u.exec(text) ?? []
  const address = framed ?? text
  return isMailAddress(address) ? { name, address } : undefined
}

/** Whether a text is a usable e-mail address. */
export const isMailAddress = (text: string): boolean =>
  /^[^\s\p{C}<>"@,;:()[\]\\]+@[^\s\p{C}<>"@,;:()[\]\\]+$/u.test(text)

const numbers = new Intl.NumberFormat('en')

/** Formats a number with its noun in singular or plural: 1 second, 2 seconds. */
export const counted = (number: number, one: string, many = `${one}s`): string =>
  `${numbers.format(number)} ${number === 1 ? one : many}`

/** Whether a host name or address refers to this machine. */
export const isLoopback = (host: string): boolean => /^(localhost|\[?::1\]?|(::ffff:)?127(\.\d{1,3}){3})$/.test(host)
