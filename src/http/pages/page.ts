import { isUtf8 } from 'node:buffer'
import type { Request, RequestHandler, Response } from 'express'
import { checkMessage, htmlOf } from '../../atom/content.js'
import { mediaType } from '../../atom/vocabulary.js'
import { ownTotals } from '../../connections/find.js'
import { Failure } from '../../errors.js'
import { hideEmails } from '../../pages/hide-email.js'
import type { Frame } from '../../pages/layout.js'
import { type Asset, isPlace, pagePolicy, script, style, to } from '../../pages/links.js'
import { type Done, isDone } from '../../pages/texts.js'
import { type Caller, isUuid } from '../../people/account.js'
import { bodyOf } from '../request/body.js'
import { naming, openParameters, readParameters, type Value, valueOf, writeParameters } from '../request/parameters.js'
import { answerWith, sendUnstored } from '../response/send.js'
import { type HttpServices, searchOf } from '../services.js'

/** The fields of every page. What a page tells is of the site alone, so its address is told to no other. */
export const pageFields = { 'Content-Security-Policy': pagePolicy, 'Referrer-Policy': 'same-origin' }
export const pageType = `${mediaType.html};charset=UTF-8`

/** What is around a page for the one who looks at it. */
export async function frameFor(services: HttpServices, request: Request, caller: Caller): Promise<Frame> {
  const frame = {
    here: placeOf(request),
    viewer: caller && { key: caller.key, name: caller.name, totals: await ownTotals(services, caller) },
    done: doneIn(openParameters(searchOf(request)).value),
  }
  return services.config.HIDE_EMAIL ? hideEmails(frame) : frame
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
  services: HttpServices,
  request: Request,
  response: Response,
  values: Values,
  write: (values: Values) => string,
): Promise<void> {
  const shown = services.config.HIDE_EMAIL ? hideEmails(values) : values
  await answerWith(services, request, response, {
    type: pageType,
    madeOf: [style.version, script.version, request.path, shown],
    fields: pageFields,
    write: () => write(shown),
  })
}

/** Answers 303: the browser goes on with a GET (RFC 9110, section 15.4.4). */
export function redirect(response: Response, place: string): void {
  response.setHeader('Cache-Control', 'no-store')
  response.setHeader('Location', place)
  response.setHeader('Content-Length', 0)
  response.status(303).end()
}

/** GET of `/`: leads to one's network. */
export const redirectHome: RequestHandler = (_request, response) =>
  redirect(response, to.network('accepted').replace('..', 'profiles'))

/** GET and HEAD of a file that pages load. Its address is another when its content is: asked for once. */
export const sendAsset =
  ({ type, content }: Asset): RequestHandler =>
  (_request, response) => {
    response.setHeader('Cache-Control', 'public, max-age=31536000, immutable')
    response.setHeader('Content-Type', type)
    response.setHeader('Content-Length', Buffer.byteLength(content))
    response.end(content)
  }

const type = 'application/x-www-form-urlencoded'
/** A message of 4,000 characters, with a line break written as two. */
const maxPlaceLength = 8000

/** The fields of a form that was sent, by name. */
export type Form = (name: string) => string | undefined

/**
 * Reads a form that one of our pages sent.
 *
 * @throws Failure `mediaTypeUnsupported` for any other body, `invalid` for one that is malformed
 */
export function readForm(request: Request): Form {
  if (request.headers['content-type']?.split(';')[0]?.trim().toLowerCase() !== type) {
    throw new Failure('mediaTypeUnsupported', `This address takes forms alone: send ${type}.`)
  }
  const bytes = bodyOf(request)
  if (!isUtf8(bytes)) throw new Failure('invalid', 'The form is not UTF-8.')
  const parameters = readParameters(Buffer.from(bytes).toString(), maxPlaceLength)
  return (name) => valueOf(parameters, name)
}

/** A field that holds an id. @throws Failure `invalid`, naming it */
export function idIn(form: Form, name: string): string {
  const id = form(name)
  if (id !== undefined && isUuid(id)) return id.toLowerCase()
  throw new Failure('invalid', `${naming(name)} must be a UUID.`)
}

/** The message of an invitation, as on the wire: with its line breaks, as HTML. @throws Failure `invalid` by its rules */
export function messageIn(form: Form): string {
  const message = (form('message') ?? '').replaceAll('\r\n', '\n').trim()
  return htmlOf(checkMessage(message))
}

/** Where it goes on after a form: the page that it names, if that is one of ours, else to one's network. */
export function nextOf(form: Form): string {
  const next = form('next') ?? ''
  return isPlace(next) ? next : to.network('accepted')
}
