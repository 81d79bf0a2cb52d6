import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'

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
