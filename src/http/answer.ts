import type { PageLinks } from '../atom/feed.js'
import type { Exchange } from './exchange.js'
import type { Validators } from './response/validators.js'

export type Fields = Readonly<Record<string, string | number>>

/** The answer to a request, before it is written. `response/send` alone turns it into bytes. */
export interface Answer {
  readonly status: number
  /** The value of Content-Type. */
  readonly type?: string
  /**
   * Lets a client keep its copy, and get a 304 for it. The tag is that of the plain content; `send` adds the encoding.
   * Without validators no cache may keep the answer.
   */
  readonly validators?: Validators
  /** For `Last-Modified` alone, if the date may not decide whether a copy is fresh. */
  readonly changed?: Date | undefined
  /** Further header fields. A 304 has the same ones, since caches store them. */
  readonly fields?: Fields | undefined
  readonly links?: PageLinks
  /** For content that is compressed already. */
  readonly isCompressed?: boolean
  /** Writes the content. Not called for a 304. */
  readonly write?: () => Content | Written | Promise<Content | Written>
}

export type Content = string | Uint8Array

/** Content, and the parts of the answer that depend on it. */
export interface Written extends Pick<Answer, 'type' | 'validators' | 'changed' | 'fields' | 'links'> {
  readonly content: Content
}

/** Answers a request. Throws Failure or Fault to refuse it. */
export type Handler = (exchange: Exchange) => Answer | Promise<Answer>

/** Content that is valid at this moment only. */
export const unstored = (content: Content, type: string): Answer => ({ status: 200, type, write: () => content })

/**
 * The answer to a write, without a body. Its type is HTML, since a known client takes an empty XML body for a broken
 * document (docs/wire.md, Response headers).
 */
export const nothing = (status: 200 | 201, fields: Fields = {}): Answer => ({
  ...unstored('', 'text/html'),
  status,
  fields,
})

/** Sends the browser on with a GET (RFC 9110, section 15.4.4). */
export const redirect = (place: string): Answer => ({ status: 303, fields: { Location: place }, write: () => '' })
