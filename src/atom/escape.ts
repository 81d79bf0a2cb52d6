/** Text that is XML already. Only a template makes it, so no one else's text can pass for it. */
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

/** What XML 1.0 (section 2.2) forbids even as a reference: C0 controls but tab, LF and CR, and two noncharacters. */
// eslint-disable-next-line no-control-regex -- control characters are the matter here
const forbidden = /[\0-\x08\x0B\x0C\x0E-\x1F\uFFFE\uFFFF]/g

/** Whether a string can stand in an XML document and comes back from it as it was. */
export const isXmlText = (text: string): boolean => text.isWellFormed() && text.search(forbidden) === -1

/**
 * Escapes character data. A conforming parser gives back the same string, except that what XML 1.0 forbids
 * arrives as U+FFFD: one bad row must not break a feed.
 */
export function escapeText(text: string): string {
  return escape(text, /[&<>\r]/g)
}

/** Escapes the value of a double-quoted attribute. As text, but keeps tab and line feed from becoming blanks. */
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
