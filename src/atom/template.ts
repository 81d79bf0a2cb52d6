import { create, fragment } from 'xmlbuilder2'
import type { XMLBuilder } from 'xmlbuilder2/lib/interfaces.js'
import { compile, type Kind, mark, plainEscapes } from './compile.js'
import type { Markup, Plain } from './markup.js'
import { ATOM, prefixes } from './vocabulary.js'

export { isXmlText } from './escape.js'
export { join, type Markup, nothing } from './markup.js'

/** Fills the holes of an element. A hole that is given an empty string stays empty. */
export type Template<Values, Fields = object> = (values: Values, fields?: Fields) => Markup

/**
 * Builds an element once, with xmlbuilder2, and returns a function that fills its holes. The element is for use inside
 * a feed, so it has no namespace declarations of its own.
 */
export function template<Values extends Texts<Values>, Fields extends object = object>(
  build: Build<Values, Fields>,
): Template<Values, Fields> {
  return escaped(inScope(build).replace(/^<feed[^>]*>|<\/feed>$/g, ''))
}

/** Like `template`, but for the root element of a document: adds the XML declaration and the namespace declarations. */
export function documentTemplate<Values extends Texts<Values>, Fields extends object = object>(
  build: Build<Values, Fields>,
): Template<Values, Fields> {
  const [, declarations, content] = /^<feed([^>]*)>(.*)<\/feed>$/s.exec(inScope(build)) as unknown as string[]
  return escaped(`<?xml version="1.0" encoding="UTF-8"?>${content?.replace(/^<\w+/, `$&${declarations}`)}`)
}

/**
 * Like `template`, but keeps redundant namespace declarations, by building the element in a fragment. Elements without
 * a namespace inherit that of their parent.
 */
export function fragmentTemplate<Values extends Texts<Values>>(build: Build<Values, object>): Template<Values> {
  const scope = fragment()
  build(scope, hole)
  return escaped(scope.toString(written))
}

/** Like `template`, but for a text that is not XML, and not escaped. */
export function textTemplate<Values extends Texts<Values>, Fields extends object = object>(
  build: (hole: Hole<Values, Fields>) => string,
): (values: Values, fields?: Fields) => string {
  return compile(build(hole), plainEscapes)
}

const escaped = <Values, Fields>(shape: string) => compile(shape) as unknown as Template<Values, Fields>

type Texts<Values> = { [Name in keyof Values]: string }
type Build<Values, Fields> = (at: XMLBuilder, hole: Hole<Values, Fields>) => void

type NamesOf<Values, Type> = {
  [Name in keyof Values]-?: NonNullable<Values[Name]> extends Type ? Name : never
}[keyof Values] &
  string

type TextNames<Values> = Exclude<NamesOf<Values, string>, NamesOf<Values, Markup>>

/**
 * Marks the holes of a template. `text` and `field` are for a string, to be escaped; a `field` may be absent, and
 * all its holes are of one kind. `plain` and `markup` are not escaped; only `plain` may be in an attribute.
 */
export interface Hole<Values, Fields = object> {
  text(name: TextNames<Values>, kind?: Kind): string
  field(name: TextNames<Fields>, kind?: Kind): string
  plain(name: NamesOf<Values, Plain>): string
  markup(name: NamesOf<Values, Markup>): string
}

const hole = {
  text: (name: string, kind: Kind = 'text') => mark(kind, name),
  field: (name: string, kind: Kind = 'text') => mark(kind, name, true),
  plain: (name: string) => mark('plain', name),
  markup: (name: string) => mark('markup', name),
}

export const XMLNS = 'http://www.w3.org/2000/xmlns/'
const written = { allowEmptyTags: true, wellFormed: true } as const

function inScope<Values, Fields>(build: Build<Values, Fields>): string {
  const scope = create().ele(ATOM, 'feed')
  for (const [prefix, namespace] of Object.entries(prefixes)) scope.att(XMLNS, `xmlns:${prefix}`, namespace)
  scope.att(XMLNS, 'xmlns', ATOM)
  build(scope, hole)
  return scope.toString(written)
}
