import type { PageLinks } from '../atom/feed.js'
import type { Exchange } from './exchange.js'
import type { Validators } from './response/validators.js'

export type Fields = Readonly<Record<string, string | number>>

/** An HTTP response before it is serialized. Only `response/send` turns it into bytes. */
export interface Answer {
  readonly status: number
  /** The value of Content-Type. */
  readonly type?: string
  /**
   * With validators, a client may cache the answer and revalidate it. The tag describes the uncompressed content;
   * `render` adds the encoding to the tag. Without validators, the answer is `no-store` unless `fields` override that.
   */
  readonly validators?: Validators
  /**
   * A date for `Last-Modified`, if `validators` has none. It never decides whether a cached copy is fresh.
   */
  readonly changed?: Date | undefined
  /** Additional header fields, repeated in a 304 so that caches update the fields they stored. */
  readonly fields?: Fields | undefined
  readonly links?: PageLinks
  /** Whether the content is already compressed, such as a photo. */
  readonly isCompressed?: boolean
  /** Produces the content. Not called for a 304. */
  readonly write?: () => Content | Written | Promise<Content | Written>
}

export type Content = string | Uint8Array

/** Content, with properties of the answer that are known only once it is written. They override those of `Answer`. */
export interface Written extends Pick<Answer, 'type' | 'validators' | 'changed' | 'fields' | 'links'> {
  readonly content: Content
}

/** Answers a request. Throws Failure or Fault to refuse it. */
export type Handler = (exchange: Exchange) => Answer | Promise<Answer>

/** A 200 answer that is `no-store` by default. */
export const unstored = (content: Content, type: string): Answer => ({ status: 200, type, write: () => content })

/**
 * An empty answer to a write. Its type is HTML, since a known client fails on an empty XML body (docs/wire.md, Response
 * headers).
 */
export const nothing = (status: 200 | 201, fields: Fields = {}): Answer => ({
  ...unstored('', 'text/html'),
  status,
  fields,
})

/** Redirects a browser, also after a POST: it sends a GET to the new URL (RFC 9110, section 15.4.4). */
export const redirect = (place: string): Answer => ({ status: 303, fields: { Location: place }, write: () => '' })
