import { create, fragment } from 'xmlbuilder2'
import type { XMLBuilder } from 'xmlbuilder2/lib/interfaces.js'
import { ATOM, prefixes } from './vocabulary.js'

/** Marks the holes of a template: `text` for a string, to be escaped; `markup` for the result of another template. */
export interface Hole<Values> {
  text(name: { [Name in keyof Values]: Values[Name] extends Markup ? never : Name }[keyof Values] & string): string
  markup(name: { [Name in keyof Values]: Values[Name] extends Markup ? Name : never }[keyof Values] & string): string
}

export type Template<Values> = (values: Values) => Markup

type Build<Values> = (at: XMLBuilder, hole: Hole<Values>) => void

export const XMLNS = 'http://www.w3.org/2000/xmlns/'
const written = { allowEmptyTags: true, wellFormed: true } as const
const hole: Hole<Record<string, string>> = {
  text: (name: string) => `⟦${name}⟧`,
  markup: (name: string) => `⟦!${name}⟧`,
}

/**
 * Builds an element once, with xmlbuilder2, and returns a function that fills its holes. The element is for use inside
 * a feed, so it has no namespace declarations of its own.
 */
export function template<Values extends { [Name in keyof Values]: string }>(build: Build<Values>): Template<Values> {
  return compile(inScope(build).replace(/^<feed[^>]*>|<\/feed>$/g, ''))
}

/** Like `template`, but for the root element of a document: adds the XML declaration and the namespace declarations. */
export function documentTemplate<Values extends { [Name in keyof Values]: string }>(
  build: Build<Values>,
): Template<Values> {
  const [, declarations, content] = /^<feed([^>]*)>(.*)<\/feed>$/s.exec(inScope(build)) as unknown as string[]
  return compile(`<?xml version="1.0" encoding="UTF-8"?>${content?.replace(/^<\w+/, `$&${declarations}`)}`)
}

/**
 * Like `template`, but keeps redundant namespace declarations, by building the element in a fragment. Elements without
 * a namespace inherit that of their parent.
 */
export function fragmentTemplate<Values extends { [Name in keyof Values]: string }>(
  build: Build<Values>,
): Template<Values> {
  const scope = fragment()
  build(scope, hole as unknown as Hole<Values>)
  return compile(scope.toString(written))
}

function inScope<Values>(build: Build<Values>): string {
  const scope = create().ele(ATOM, 'feed')
  for (const [prefix, namespace] of Object.entries(prefixes)) scope.att(XMLNS, `xmlns:${prefix}`, namespace)
  scope.att(XMLNS, 'xmlns', ATOM)
  build(scope, hole as unknown as Hole<Values>)
  return scope.toString(written)
}

/** Splits the markup at its holes. A hole inside a tag is an attribute value; any other hole is character data. */
function compile<Values>(shape: string): Template<Values> {
  const [head = '', ...rest] = shape.split(/⟦(!?\w+)⟧/)
  const holes: { name: keyof Values; fill: (text: string) => string; tail: string }[] = []
  let sofar = head
  for (let at = 0; at < rest.length; at += 2) {
    const mark = rest[at] as string
    const tail = rest[at + 1] as string
    const inTag = sofar.lastIndexOf('<') > sofar.lastIndexOf('>')
    const fill = mark.startsWith('!') ? unescaped : inTag ? escapeAttribute : escapeText
    holes.push({ name: mark.replace('!', '') as keyof Values, fill, tail })
    sofar += tail
  }
  return (values) => {
    let text = head
    for (const { name, fill, tail } of holes) text += fill(values[name] as string) + tail
    return text as Markup
  }
}

const unescaped = (markup: string) => markup

/** Escaped XML. Only templates create this type, so unescaped text cannot be used in its place. */
export type Markup = string & { readonly markup: unique symbol }

export const nothing = '' as Markup

export const join = (parts: readonly Markup[]): Markup => parts.join('') as Markup

const references: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\r': '&#13;',
  '\t': '&#9;',
  '\n': '&#10;',
}

const replacement = '\uFFFD'

/** Forbidden by XML 1.0, section 2.2, even as a reference: C0 controls except tab, LF and CR, and two noncharacters. */
// eslint-disable-next-line no-control-regex -- matches control characters on purpose
const forbidden = /[\0-\x08\x0B\x0C\x0E-\x1F\uFFFE\uFFFF]/g

/** Whether a string survives a round trip through an XML document. */
export const isXmlText = (text: string): boolean => text.isWellFormed() && text.search(forbidden) === -1

/** Escapes character data. Characters that XML 1.0 forbids become U+FFFD: one bad row must not break a feed. */
export function escapeText(text: string): string {
  return escape(text, /[&<>\r]/g)
}

/** Escapes a double-quoted attribute value. Like `escapeText`, but also preserves tabs and line feeds. */
export function escapeAttribute(text: string): string {
  return escape(text, /[&<>"\r\t\n]/g)
}

function escape(text: string, special: RegExp): string {
  if (!/[^ !#-%'-;=?-~\u00A0-\uD7FF]/.test(text)) return text
  return text
    .toWellFormed()
    .replace(forbidden, replacement)
    .replace(special, (character) => references[character] as string)
}
