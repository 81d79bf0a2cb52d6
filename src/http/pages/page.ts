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

/** The usual header fields of a page. A page's URL may name a person, so it is not sent to other sites. */
export const pageFields = { 'Content-Security-Policy': pagePolicy, 'Referrer-Policy': 'same-origin' }
export const pageType = `${mediaType.html};charset=UTF-8`

/** Returns the properties that all pages share. */
export async function frameFor(services: HttpServices, exchange: Exchange, caller: Caller): Promise<Frame> {
  const frame = {
    here: placeOf(exchange),
    viewer: caller && { key: caller.key, name: caller.name, totals: await ownTotals(services, caller) },
    done: doneIn(openParameters(exchange.search).value),
  }
  return services.presenter.values(frame)
}

/** The completed action that a page reports, from its `done` parameter. */
export function doneIn(value: Value): Done | undefined {
  const done = value('done')
  return done !== undefined && isDone(done) ? done : undefined
}

/** The relative URL of the requested page, without the `done` parameter. */
export const placeOf = (head: Head): string => placeWithout(head, ['done'])

/**
 * The relative URL of the feed with the same list. It omits order and page: feed readers read only the first page, so
 * it must begin with the newest changes.
 */
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
 * A page that a browser may cache but must revalidate.
 *
 * @param values everything that the page shows; the ETag depends on them
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
/** Enough for a message of 4,000 characters: browsers send each line break as two characters. */
const maxFieldLength = 8000

/** Returns the value of a form field. */
export type Form = (name: string) => string | undefined

/**
 * Reads a form of one of our pages.
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

/** Reads the message of an invitation and converts it to HTML. @throws Failure `invalid` as `checkMessage` */
export function messageIn(form: Form): string {
  const message = (form('message') ?? '').replaceAll('\r\n', '\n').trim()
  return htmlOf(checkMessage(message))
}

/** The page to open after a form: the value of `next` if that is one of our pages, else the caller's network. */
export function nextOf(form: Form): string {
  const next = form('next') ?? ''
  return isPlace(next) ? next : to.network('accepted')
}
