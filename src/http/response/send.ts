import type { ServerResponse } from 'node:http'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import Negotiator from 'negotiator'
import type { Answer, Fields, Written } from '../answer.js'
import type { Head } from '../exchange.js'
import { remembered } from '../fast/remembered.js'
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

/** The content of an answer, rendered, and the parts of the answer that depend on it. */
export interface Page {
  readonly body: Uint8Array
  readonly written: Pick<Written, 'fields' | 'changed'>
  /** The fields that describe the body. */
  readonly fields: Fields
}

/**
 * Pages that were rendered before, by URL and entity tag. Each request makes the tag from the present state, and a
 * strong tag stands for the same bytes (RFC 9110, section 8.8.1). So a page that is found is fresh, and was made for a
 * caller of the same class.
 */
export interface KeptPages {
  readonly find: (name: string) => Page | undefined
  /** Keeps a page if it is rendered for the second time. */
  readonly keep: (name: string, page: Page) => void
}

/**
 * Turns an answer into bytes. If the client's copy is fresh, returns a 304 and does not call `write`.
 *
 * @param now the time of the answer
 * @throws the errors of `answer.write`
 */
export async function render(
  answer: Answer,
  { headers, path, search }: Pick<Head, 'headers' | 'path' | 'search'>,
  now: () => Date,
  pages?: KeptPages,
): Promise<Rendered> {
  const { validators, fields } = answer
  if (!validators) return renderUnstored(answer)
  const time = now()
  const encoding = answer.isCompressed ? 'identity' : chooseEncoding(headers)
  const known = encoded(validators, encoding)
  if (isFresh(headers, known, time)) {
    return { status: 304, fields: { ...fields, ...cachingFields(known, undefined, time) }, body: undefined }
  }
  const nameOf = ({ tag }: Validators) => `${path}?${search} ${tag}`
  const kept = pages?.find(nameOf(known))
  if (kept) return withPage(answer, kept, known, time)
  const written = await write(answer)
  const page = await renderPage(answer, written, encoding)
  const current = written.validators ? encoded(written.validators, encoding) : known
  pages?.keep(nameOf(current), page)
  return withPage(answer, page, current, time)
}

async function renderPage(answer: Answer, written: Written, encoding: Encoding): Promise<Page> {
  const { content, links, type } = { ...answer, ...written }
  const body = typeof content === 'string' ? await encode(content, encoding) : content
  const fields = {
    ...(encoding !== 'identity' && { 'Content-Encoding': encoding }),
    ...(links && { Link: linkField(links) }),
    ...(type !== undefined && { 'Content-Type': type }),
    'Content-Length': body.byteLength,
  }
  return { body, written: { fields: written.fields, changed: written.validators?.changed ?? written.changed }, fields }
}

const withPage = (answer: Answer, { body, written, fields }: Page, validators: Validators, time: Date): Rendered => ({
  status: answer.status,
  fields: {
    ...answer.fields,
    ...written.fields,
    ...cachingFields(validators, written.changed ?? answer.changed, time),
    ...fields,
  },
  body,
})

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
  const all = withVary(response, { ...base, ...fields }, base)
  // Otherwise Express, or an app that mounts this one, has set fields.
  if (response.getHeaderNames().length === 0) response.writeHead(status, flat(all))
  else {
    response.statusCode = status
    for (const name in all) response.setHeader(name, all[name] as string | number)
  }
  // With an empty body, express-session would send the head before it has saved the session.
  response.end(body?.byteLength ? body : undefined)
}

/** Keeps the Vary value of the base fields and of the app that mounts this one. */
function withVary(response: ServerResponse, all: Fields, base: Fields): Fields {
  const before = response.getHeader('Vary')
  if (before === undefined && base['Vary'] === undefined) return all
  return { ...all, Vary: [...new Set([before, base['Vary'], all['Vary']])].filter(Boolean).join(', ') }
}

/** Names and values in turn, the form that Node writes fastest. */
function flat(fields: Fields): string[] {
  const list: string[] = []
  for (const name in fields) list.push(name, String(fields[name]))
  return list
}

/** The supported encoding that the client prefers. `identity` if it accepts none of them. */
const chooseEncoding = ({ 'accept-encoding': accepted }: Head['headers']): Encoding =>
  accepted === undefined ? 'identity' : preferredOf(accepted).encoding

const preferredOf = remembered((accepted) => {
  const preferred = new Negotiator({ headers: { 'accept-encoding': accepted } }).encoding(['br', 'gzip', 'identity'])
  return { encoding: (preferred as Encoding | undefined) ?? 'identity' }
})

const compressBrotli = promisify(brotliCompress)
const compressGzip = promisify(gzip)

/** Encodes a text. Equal texts give equal bytes, as a strong ETag requires. */
async function encode(text: string, encoding: Encoding): Promise<Buffer> {
  if (encoding === 'gzip') return compressGzip(text)
  // Above quality 5, brotli takes many times longer for little gain on pages of this size.
  if (encoding === 'br') return compressBrotli(text, { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } })
  return Buffer.from(text)
}
