import { isIP } from 'node:net'
import { isMailAddress, type Mailbox } from './mailbox.js'

/** What values of settings look like: each gives the value of a text, or throws an Error that says what would do. */

export const wholeNumber = (least: number, most: number) => (text: string) => {
  if (/^\d+$/.test(text) && Number(text) >= least && Number(text) <= most) return Number(text)
  throw new Error(`a whole number from ${least} to ${most}`)
}

export const oneOf =
  <const Word extends string>(...words: Word[]) =>
  (text: string): Word => {
    const word = words.find((each) => each === text)
    if (word !== undefined) return word
    throw new Error(`one of ${words.join(', ')}`)
  }

export const yesOrNo = (text: string) => oneOf('true', 'false')(text) === 'true'

export const anyText = (text: string) => {
  if (text.trim() !== '') return text
  throw new Error('not empty')
}

export const optional =
  <Value>(read: (text: string) => Value) =>
  (text: string) =>
    text === '' ? undefined : read(text)

export const url =
  (...schemes: string[]) =>
  (text: string) => {
    const address = URL.canParse(text) ? new URL(text) : undefined
    if (address && schemes.includes(address.protocol) && address.host !== '') return text
    throw new Error(`an address that begins with ${schemes.map((scheme) => `${scheme}//`).join(' or ')}`)
  }

export const publicBase = (text: string) => {
  const { origin, pathname, username } = new URL(url('http:', 'https:')(text))
  if (/[?#&]/.test(text) || username) throw new Error('an address without user, query, fragment or &')
  const base = `${origin}${pathname}`.replace(/\/+$/, '')
  if (base.endsWith('/profiles')) throw new Error('an address without /profiles at its end: links add that')
  return base
}

export const origins = (text: string) => {
  const each = text.split(',').flatMap((part) => part.trim() || [])
  if (each.every((one) => URL.canParse(one) && /^https?:/.test(one) && new URL(one).origin === one)) return each
  throw new Error('origins with commas between, each as https://intranet.example, without a path')
}

export const mailServer = (text: string) => {
  const { pathname, search, hash, username, password } = new URL(url('smtp:', 'smtps:')(text))
  if (!['', '/'].includes(pathname) || search || hash) throw new Error('an address without path, query and fragment')
  if ((username === '') !== (password === '')) throw new Error('an address with both user and password, or neither')
  try {
    decodeURIComponent(username + password)
  } catch {
    throw new Error('an address whose user and password have their percent signs written as %25')
  }
  return text
}

export const mailbox = (text: string): Mailbox => {
  const [, name = '', framed] = /^(?:"?([^"<>\p{Cc}]*?)"?\s*)<([^<>]*)>$/u.exec(text) ?? []
  const address = framed ?? text
  if (isMailAddress(address)) return { name, address }
  throw new Error('an e-mail address, or a name and then the address in < and >')
}

export const secrets = (text: string) => {
  const all = text.split(',').map((each) => each.trim())
  if (all.every((each) => each.length >= 32)) return all as [string, ...string[]]
  throw new Error('one or more secrets of at least 32 characters, with commas between them')
}

const isRange = (text: string) => {
  const [address = '', length, ...more] = text.split('/')
  const family = isIP(address)
  if (family === 0 || more.length > 0) return false
  return length === undefined || (/^\d{1,3}$/.test(length) && Number(length) <= (family === 4 ? 32 : 128))
}

export const addressRanges = (text: string): readonly string[] => {
  const ranges = text.split(',').map((range) => range.trim())
  if (text === '') return []
  if (ranges.every(isRange)) return ranges
  throw new Error('IP addresses or ranges such as 10.0.0.0/8, with commas between')
}

export const names = (text: string): readonly string[] => {
  const all = text.split(',').flatMap((each) => each.trim() || [])
  if (all.every((each) => /^[^\s=]+$/.test(each))) return all
  throw new Error('names of variables with commas between')
}
