import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'

/** An address may have 4,096 bytes, the way to it included. */
const maxLength = 4000

/**
 * Where the pages and what they load stand, as seen from any of them: `/profiles/atom/…` and `/profiles/html/…`. So
 * links lead to the server that a page came from, by whatever name and path it is reached. Keys and ids go in as they
 * are: they are UUIDs.
 */
export const to = {
  network: (status: string) =>
    `${to.feed(status)}${status === 'accepted' ? '&sortBy=displayName' : '&sortBy=lastMod&sortOrder=desc'}&ps=30`,
  feed: (status: string) => `../atom/connections.do?connectionType=colleague&status=${status}`,
  colleagues: (key: string) => `../atom/connections.do?connectionType=colleague&key=${key}&sortBy=displayName&ps=30`,
  inCommon: (one: string, other: string) =>
    `../atom/connectionsInCommon.do?key=${one},${other}&sortBy=displayName&ps=30`,
  search: '../atom/search.do',
  person: (key: string) => `../html/profileView.do?key=${key}`,
  photo: (key: string, changed: Date) => `../photo.do?key=${key}&lastMod=${changed.getTime()}`,
  vcard: (key: string) => `../vcard/profile.do?key=${key}`,
  picture: (key: string) => `../html/picture.do?key=${key}`,
  appPasswords: '../html/appPasswords.do',
  password: '../html/password.do',
  revoke: '../html/revoke.do',
  signIn: '../html/signIn.do',
  /** The sign-in, which leads to a page then: to one's network where that is none, or its address too long for another. */
  signInThen: (next = '') => {
    const more = `?next=${encodeURIComponent(next)}`
    return next === '' || more.length > maxLength ? to.signIn : to.signIn + more
  },
  signOut: '../html/signOut.do',
  invite: '../html/invite.do',
  accept: '../html/accept.do',
  remove: '../html/remove.do',
  asset: ({ name, version }: Asset) => `../html/${name}?v=${version}`,
} as const

/** Whether a form may name this as the place to go on to: one of our own pages, and nothing else. */
export const isPlace = (text: string): boolean => /^\.\.\/(atom|html)\/\w+\.do(\?[!-~]*)?$/.test(text)

/** A file that pages load. */
export interface Asset {
  readonly name: string
  /** Another as soon as the content is: part of the address, so that browsers may keep it for good. */
  readonly version: string
  readonly type: string
  readonly content: string
}

/** The files stand in the package beside their sources, since the compiler takes no others along. */
function asset(name: string, type: string): Asset {
  const content = readFileSync(new URL(`../../../src/pages/${name}`, import.meta.url), 'utf8')
  const version = createHash('sha256').update(content).digest('hex').slice(0, 12)
  return { name, version, type, content }
}

export const style = asset('style.css', 'text/css;charset=UTF-8')
export const icon = asset('icon.svg', 'image/svg+xml')
export const script = asset('script.js', 'text/javascript;charset=UTF-8')

/** What a browser may do with our pages (CSP, level 3): load these files and pictures of this server, and send forms to it. */
export const pagePolicy =
  "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; " +
  "base-uri 'none'; frame-ancestors 'none'"
