import { promisify } from 'node:util'
import { deflateRaw, inflateRawSync } from 'node:zlib'
import { LRUCache } from 'lru-cache'
import type { KeptPages, Page } from '../response/send.js'

const maxPageBytes = 256 * 1024
/** The names of pages that were rendered once. */
const maxSeen = 20_000

const pack = promisify(deflateRaw)

/**
 * Opens the memory of pages. Most of it holds compressed pages; an eighth holds the pages that were sent last, ready to
 * send.
 *
 * @param maxBytes the size of all pages
 */
export function openPages(maxBytes: number): KeptPages {
  const sizeCalculation = ({ body }: Page, name: string) => body.byteLength + name.length + 1_000
  const ready = new LRUCache<string, Page>({ maxSize: Math.ceil(maxBytes / 8), sizeCalculation })
  const packed = new LRUCache<string, Page>({ maxSize: Math.ceil((maxBytes * 7) / 8), sizeCalculation })
  const seen = new LRUCache<string, true>({ max: maxSeen })

  const find = (name: string) => {
    const known = ready.get(name)
    if (known) return known
    const found = packed.get(name)
    if (!found) return undefined
    const page = isEncoded(found) ? found : compact({ ...found, body: inflateRawSync(found.body) })
    ready.set(name, page)
    return page
  }

  const keep = (name: string, page: Page) => {
    if (page.body.byteLength > maxPageBytes) return
    if (!seen.has(name)) return void seen.set(name, true)
    const own = compact(page)
    ready.set(name, own)
    if (isEncoded(page)) packed.set(name, own)
    else void pack(page.body).then((body) => packed.set(name, compact({ ...page, body })))
  }

  return { find, keep }
}

/** Copies a body that is a view of a larger buffer, such as one of zlib: the whole buffer would stay in memory. */
const compact = (page: Page): Page =>
  page.body.buffer.byteLength === page.body.byteLength ? page : { ...page, body: new Uint8Array(page.body) }

const isEncoded = ({ fields }: Page) => 'Content-Encoding' in fields
