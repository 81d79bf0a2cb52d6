import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import Negotiator from 'negotiator'

export type Encoding = 'br' | 'gzip' | 'identity'

const compressBrotli = promisify(brotliCompress)
const compressGzip = promisify(gzip)

/** The encoding that the client likes best; plain when it likes none that we have. */
export function chooseEncoding(request: { headers: Record<string, string | string[] | undefined> }): Encoding {
  const liked = new Negotiator(request).encoding(['br', 'gzip', 'identity'])
  return (liked as Encoding | undefined) ?? 'identity'
}

/** The bytes of a text in an encoding: the same for the same text, as a strong tag promises. */
export async function encode(text: string, encoding: Encoding): Promise<Buffer> {
  if (encoding === 'gzip') return compressGzip(text)
  // Beyond quality 5 brotli costs many times more than it saves on pages of this size.
  if (encoding === 'br') return compressBrotli(text, { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } })
  return Buffer.from(text)
}
