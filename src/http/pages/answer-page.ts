import type { Request, Response } from 'express'
import type { Caller } from '../../accounts/account.js'
import { mediaType } from '../../atom/vocabulary.js'
import { ownTotals } from '../../connections/standing.js'
import { pagePolicy, script, style } from '../../pages/assets.js'
import { discreet } from '../../pages/discreet.js'
import type { Frame } from '../../pages/layout.js'
import { type Done, isDone } from '../../pages/texts.js'
import { answerWith } from '../answer.js'
import { type Door, searchOf } from '../door.js'
import { sendUnstored } from '../respond.js'
import { openParameters, type Value, writeParameters } from '../parameters.js'

/** The fields of every page. What a page tells is of the site alone, so its address is told to no other. */
export const pageFields = { 'Content-Security-Policy': pagePolicy, 'Referrer-Policy': 'same-origin' }
export const pageType = `${mediaType.html};charset=UTF-8`

/** What is around a page for the one who looks at it. */
export async function frameFor(door: Door, request: Request, caller: Caller): Promise<Frame> {
  const frame = {
    here: placeOf(request),
    viewer: caller && { key: caller.key, name: caller.name, totals: await ownTotals(door, caller) },
    done: doneIn(openParameters(searchOf(request)).value),
  }
  return door.config.HIDE_EMAIL ? discreet(frame) : frame
}

/** What the address of a page says was just done. */
export function doneIn(value: Value): Done | undefined {
  const done = value('done')
  return done !== undefined && isDone(done) ? done : undefined
}

/** The address of a page as seen from another, without what was just done. */
export const placeOf = (request: Request): string => placeWithout(request, ['done'])

/** The address by which a feed reader has the list of a page: newest first, as ever, for it reads the beginning alone. */
export const feedOf = (request: Request): string =>
  placeWithout(request, ['done', 'sortBy', 'sortOrder', 'page', 'ps', 'pos'])

function placeWithout(request: Request, names: readonly string[]): string {
  const { parameters } = openParameters(searchOf(request))
  const kept = parameters.filter(([name]) => !names.includes(name))
  return `..${request.path}${kept.length > 0 ? `?${writeParameters(kept)}` : ''}`
}

/** Answers with a page that nobody keeps. */
export function sendUnstoredPage(response: Response, page: string, fields: Fields = pageFields): void {
  response.set(fields)
  sendUnstored(response, page, pageType)
}

type Fields = Readonly<Record<string, string>>

/**
 * Answers with a page, or 304 to a browser that has it.
 *
 * @param values all that the page shows
 */
export async function answerWithPage<Values extends Frame>(
  door: Door,
  request: Request,
  response: Response,
  values: Values,
  write: (values: Values) => string,
): Promise<void> {
  const shown = door.config.HIDE_EMAIL ? discreet(values) : values
  await answerWith(door, request, response, {
    type: pageType,
    madeOf: [style.version, script.version, request.path, shown],
    fields: pageFields,
    write: () => write(shown),
  })
}
