import type { ServerResponse } from 'node:http'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import Negotiator from 'negotiator'
import type { Answer, Fields, Written } from '../answer.js'
import type { Head } from '../exchange.js'
import { linkField } from './paging.js'
import { type Encoding, encodedTag, isFresh, lastModified, type Validators } from './validators.js'

/** The request header fields that an answer may depend on. */
const varying = 'Accept, Accept-Encoding, Authorization, Cookie'

/** An answer that is ready to be sent. */
export interface Rendered {
  readonly status: number
  readonly fields: Fields
  readonly body: Uint8Array | undefined
}

/**
 * Turns an answer into bytes. If the client's copy is fresh, returns a 304 and does not call `write`.
 *
 * @param now the time of the answer
 * @throws the errors of `answer.write`
 */
export async function render(answer: Answer, { headers }: Pick<Head, 'headers'>, now: () => Date): Promise<Rendered> {
  const { status, validators, fields } = answer
  if (!validators) return renderUnstored(answer)
  const time = now()
  const encoding = answer.isCompressed ? 'identity' : chooseEncoding(headers)
  const known = encoded(validators, encoding)
  if (isFresh(headers, known, time)) {
    return { status: 304, fields: { ...fields, ...cachingFields(known, undefined, time) }, body: undefined }
  }
  const { content, ...written } = await write(answer)
  const { type, links, changed } = { ...answer, ...written }
  const body = typeof content === 'string' ? await encode(content, encoding) : content
  return {
    status,
    fields: {
      ...fields,
      ...written.fields,
      ...cachingFields(written.validators ? encoded(written.validators, encoding) : known, changed, time),
      ...(encoding !== 'identity' && { 'Content-Encoding': encoding }),
      ...(links && { Link: linkField(links) }),
      ...(type !== undefined && { 'Content-Type': type }),
      'Content-Length': body.byteLength,
    },
    body,
  }
}

async function write(answer: Answer): Promise<Written> {
  const written = (await answer.write?.()) ?? ''
  return typeof written === 'string' || written instanceof Uint8Array ? { content: written } : written
}

/**
 * Renders an answer without validators. It must not be cached, unless its fields allow that. A 204 has no content (RFC
 * 9110, section 8.6).
 */
async function renderUnstored(answer: Answer): Promise<Rendered> {
  const { status, type, fields } = answer
  if (!answer.write) return { status, fields: { ...fields }, body: undefined }
  const { content } = await write(answer)
  const body = Buffer.from(content)
  return {
    status,
    fields: {
      'Cache-Control': 'no-store',
      ...fields,
      ...(type !== undefined && { 'Content-Type': type }),
      'Content-Length': body.byteLength,
    },
    body,
  }
}

const encoded = ({ tag, ...rest }: Validators, encoding: Encoding): Validators => ({
  ...rest,
  tag: encodedTag(tag, encoding),
})

function cachingFields({ tag, changed }: Validators, alsoChanged: Date | undefined, now: Date): Fields {
  const shown = changed ?? alsoChanged
  const date = shown && lastModified(shown, now)
  return {
    ETag: tag,
    'Cache-Control': 'private, no-cache',
    Vary: varying,
    ...(date !== undefined && { 'Last-Modified': date }),
  }
}

/**
 * Writes a rendered answer to a response. Node omits the body of an answer to HEAD.
 *
 * @param base the fields that all answers have
 */
export function send(response: ServerResponse, base: Fields, { status, fields, body }: Rendered): void {
  response.statusCode = status
  for (const [name, value] of [...Object.entries(base), ...Object.entries(fields)]) {
    // Keep the Vary value of the base fields and of the app that mounts this one.
    if (name === 'Vary') response.setHeader(name, [response.getHeader(name), value].filter(Boolean).join(', '))
    else response.setHeader(name, value)
  }
  // With an empty body, express-session would send the head before it has saved the session.
  response.end(body?.byteLength ? body : undefined)
}

/** The supported encoding that the client prefers. `identity` if it accepts none of them. */
function chooseEncoding(headers: Head['headers']): Encoding {
  if (headers['accept-encoding'] === undefined) return 'identity'
  const preferred = new Negotiator({ headers }).encoding(['br', 'gzip', 'identity'])
  return (preferred as Encoding | undefined) ?? 'identity'
}

const compressBrotli = promisify(brotliCompress)
const compressGzip = promisify(gzip)

/** Encodes a text. Equal texts give equal bytes, as a strong ETag requires. */
async function encode(text: string, encoding: Encoding): Promise<Buffer> {
  if (encoding === 'gzip') return compressGzip(text)
  // Above quality 5, brotli takes many times longer for little gain on pages of this size.
  if (encoding === 'br') return compressBrotli(text, { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } })
  return Buffer.from(text)
}
