import { isUtf8 } from 'node:buffer'
import { checkMessage, htmlOf } from '../../atom/content.js'
import { mediaType } from '../../atom/vocabulary.js'
import { ownTotals } from '../../connections/find.js'
import { Failure } from '../../errors.js'
import type { Frame } from '../../pages/layout.js'
import { isPlace, pagePolicy, script, style, to } from '../../pages/links.js'
import { type Done, isDone } from '../../pages/texts.js'
import { type Caller, isUuid } from '../../people/account.js'
import { type Answer, type Fields, unstored } from '../answer.js'
import type { Exchange, Head } from '../exchange.js'
import { naming, openParameters, readParameters, type Value, valueOf, writeParameters } from '../request/parameters.js'
import { entityTag } from '../response/validators.js'
import type { HttpServices } from '../services.js'

/** The fields of every page. The address of a page may name a person, so no other site gets it. */
export const pageFields = { 'Content-Security-Policy': pagePolicy, 'Referrer-Policy': 'same-origin' }
export const pageType = `${mediaType.html};charset=UTF-8`

/** The frame around a page for its viewer. */
export async function frameFor(services: HttpServices, exchange: Exchange, caller: Caller): Promise<Frame> {
  const frame = {
    here: placeOf(exchange),
    viewer: caller && { key: caller.key, name: caller.name, totals: await ownTotals(services, caller) },
    done: doneIn(openParameters(exchange.search).value),
  }
  return services.presenter.values(frame)
}

/** The action that the address of a page reports as done. */
export function doneIn(value: Value): Done | undefined {
  const done = value('done')
  return done !== undefined && isDone(done) ? done : undefined
}

/** The address of a page as seen from another page, without a report of an action. */
export const placeOf = (head: Head): string => placeWithout(head, ['done'])

/** The address of a list for feed readers: in the usual order, since they read only the beginning. */
export const feedOf = (head: Head): string => placeWithout(head, ['done', 'sortBy', 'sortOrder', 'page', 'ps', 'pos'])

function placeWithout({ path, search }: Head, names: readonly string[]): string {
  const kept = readParameters(search).filter(([name]) => !names.includes(name))
  return `..${path}${kept.length > 0 ? `?${writeParameters(kept)}` : ''}`
}

/** A page that must not be cached. */
export const unstoredPage = (page: string, fields: Fields = pageFields): Answer => ({
  ...unstored(page, pageType),
  fields,
})

/**
 * A page that a browser may cache, and revalidate for a 304.
 *
 * @param values everything that the page shows
 */
export function pageAnswer<Values extends Frame>(
  { presenter, release }: HttpServices,
  { path }: Exchange,
  values: Values,
  write: (values: Values) => string,
): Answer {
  const shown = presenter.values(values)
  return {
    status: 200,
    type: pageType,
    validators: { tag: entityTag([release, style.version, script.version, path, shown]) },
    fields: pageFields,
    write: () => write(shown),
  }
}

const formType = 'application/x-www-form-urlencoded'
/** Fits a message of 4,000 characters, each line break sent as two. */
const maxFieldLength = 8000

/** The fields of a form, by name. */
export type Form = (name: string) => string | undefined

/**
 * Reads a form that one of our pages sent.
 *
 * @throws Failure `mediaTypeUnsupported` for any other body, `invalid` for a malformed form
 */
export function readForm({ headers, body }: Exchange): Form {
  if (headers['content-type']?.split(';')[0]?.trim().toLowerCase() !== formType) {
    throw new Failure('mediaTypeUnsupported', `This address accepts forms only; send ${formType}.`)
  }
  if (!isUtf8(body)) throw new Failure('invalid', 'The form is not UTF-8.')
  const parameters = readParameters(Buffer.from(body).toString(), maxFieldLength)
  return (name) => valueOf(parameters, name)
}

/** Reads a field that holds an id. @throws Failure `invalid`, naming the field */
export function idIn(form: Form, name: string): string {
  const id = form(name)
  if (id !== undefined && isUuid(id)) return id.toLowerCase()
  throw new Failure('invalid', `${naming(name)} must be a UUID.`)
}

/**
 * Reads the message of an invitation, as HTML with its line breaks. @throws Failure `invalid` by the rules of messages
 */
export function messageIn(form: Form): string {
  const message = (form('message') ?? '').replaceAll('\r\n', '\n').trim()
  return htmlOf(checkMessage(message))
}

/** The page that follows a form: the page that it names, if it is one of ours, else the caller's network. */
export function nextOf(form: Form): string {
  const next = form('next') ?? ''
  return isPlace(next) ? next : to.network('accepted')
}
