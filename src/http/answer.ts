import type { Request, Response } from 'express'
import type { PageLinks } from '../atom/feed.js'
import type { Context } from '../context.js'
import { entityTag } from './conditional.js'
import { chooseEncoding } from './encoding.js'
import { linkField } from './paging.js'
import { answeredNotModified, sendDocument } from './respond.js'

/** A document that has not been written yet. */
export interface Answer {
  readonly type: string
  /** Everything that makes the document what it is: at one address, the same gives the same text. */
  readonly madeOf: readonly unknown[]
  /**
   * When it last changed, for `Last-Modified`. A client's copy is never called good by this date alone: profiles carry
   * the dates of the documents they came from, and one may bring more than another of the same date.
   */
  readonly changed?: Date | undefined
  readonly links?: PageLinks
  /** More header fields. */
  readonly fields?: Readonly<Record<string, string>>
  readonly write: () => string | Promise<string>
}

/** Answers with a document, or 304 to a client that has it: then it is not written at all. */
export async function answerWith(
  context: Context,
  request: Request,
  response: Response,
  { type, madeOf, changed, links, fields = {}, write }: Answer,
): Promise<void> {
  const now = context.now()
  const encoding = chooseEncoding(request)
  const tag = entityTag([context.release, ...madeOf], encoding)
  // A cache that is told 304 takes over its fields, so they are those of the answer.
  response.set(fields)
  if (answeredNotModified(request, response, { tag }, now)) return
  const text = await write()
  const validators = changed ? { tag, changed } : { tag }
  await sendDocument(response, { text, type, encoding, validators, now, ...(links && { link: linkField(links) }) })
}
