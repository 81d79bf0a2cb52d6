import { isUtf8 } from 'node:buffer'
import type { Request } from 'express'
import { isUuid } from '../../accounts/account.js'
import { checkMessage, htmlOf } from '../../atom/content.js'
import { Failure } from '../../errors.js'
import { isPlace, to } from '../../pages/to.js'
import { bodyOf } from '../body.js'
import { naming, readParameters, valueOf } from '../parameters.js'

const type = 'application/x-www-form-urlencoded'
/** A message of 4,000 characters, with a line break written as two. */
const longest = 8000

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
  const parameters = readParameters(Buffer.from(bytes).toString(), longest)
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
