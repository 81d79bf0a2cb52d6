import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'

/** The maximum length of a query string. A whole URL may have at most 4,096 bytes. */
const maxLength = 4000

/**
 * Relative URLs of pages and their resources, for use on any page below `/profiles/atom/` or `/profiles/html/`. Links
 * stay on the current host and path prefix. Keys and ids are UUIDs and need no encoding.
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
  /**
   * The sign-in page. After the sign-in it redirects to `next`, or to the user's network if `next` is empty or too
   * long.
   */
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

/** Whether a form may redirect to this URL. Only pages of this server are allowed. */
export const isPlace = (text: string): boolean => /^\.\.\/(atom|html)\/\w+\.do(\?[!-~]*)?$/.test(text)

/** A static file of the pages. */
export interface Asset {
  readonly name: string
  /** Changes with the content. Part of the URL, so that browsers may cache the file forever. */
  readonly version: string
  readonly type: string
  readonly content: string
}

/**
 * Reads a static file. The compiler copies only TypeScript, so these files stay in the source folder of the package.
 */
function asset(name: string, type: string): Asset {
  const content = readFileSync(new URL(`../../../src/pages/${name}`, import.meta.url), 'utf8')
  const version = createHash('sha256').update(content).digest('hex').slice(0, 12)
  return { name, version, type, content }
}

export const style = asset('style.css', 'text/css;charset=UTF-8')
export const icon = asset('icon.svg', 'image/svg+xml')
export const script = asset('script.js', 'text/javascript;charset=UTF-8')

/** Content Security Policy: allows static files, images and form targets of this server only. */
export const pagePolicy =
  "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; " +
  "base-uri 'none'; frame-ancestors 'none'"
