import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { version } from 'node:process'
import { fileURLToPath } from 'node:url'

/**
 * A short text that is another as soon as the code or the Node that runs it is another: an answer that was made by
 * other code may have other bytes, so its entity tag must differ.
 */
export function release(): string {
  const root = fileURLToPath(new URL('..', import.meta.url))
  const hash = createHash('sha256').update(version)
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.js'))
  for (const file of files.sort()) hash.update(readFileSync(`${root}/${file}`))
  return hash.digest('base64url').slice(0, 16)
}
