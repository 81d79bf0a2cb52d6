/** Whether a string survives a round trip through an XML document. */
export const isXmlText = (text: string): boolean => text.isWellFormed() && text.search(forbidden) === -1

/** Escapes character data. Characters that XML 1.0 forbids become U+FFFD: one bad row must not break a feed. */
export const escapeText = (text: string): string => (special.test(text) ? escape(text, inText) : text)

/** Escapes a double-quoted attribute value. Like `escapeText`, but also preserves tabs and line feeds. */
export const escapeAttribute = (text: string): string => (special.test(text) ? escape(text, inAttribute) : text)

/** Escapes a value of a vCard in an XML document. */
export const escapeLine = (text: string): string => (specialInLine.test(text) ? escapeText(onOneLine(text)) : text)

/** Escapes a part of a structured value of a vCard in an XML document. */
export const escapePart = (text: string): string => escapeLine(withoutSeparators(text))

/** Replaces line breaks of every kind with spaces. */
export const onOneLine = (text: string): string => text.replaceAll(/\r\n|[\n\v\f\r\u0085\u2028\u2029]/g, ' ')

/** Replaces the semicolons in a part of a structured value with commas. */
export const withoutSeparators = (text: string): string => (text.includes(';') ? text.replaceAll(';', ',') : text)

/** Matches every character that an escape may change. Most values have none, so one test is all they cost. */
const special = /[^ !#-%'-;=?-~\u00A0-\uD7FF]/
const specialInLine = /[^ !#-%'-;=?-~\u00A0-\u2027\u202A-\uD7FF]/

/** Forbidden by XML 1.0, section 2.2, even as a reference: C0 controls except tab, LF and CR, and two noncharacters. */
// eslint-disable-next-line no-control-regex -- matches control characters on purpose
const forbidden = /[\0-\x08\x0B\x0C\x0E-\x1F\uFFFE\uFFFF]/

const replacement = '\uFFFD'

const inText = substitutes({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '\r': '&#13;' })
const inAttribute = substitutes({
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\r': '&#13;',
  '\t': '&#9;',
  '\n': '&#10;',
})

/** Returns the replacement of each character up to `>`, by its code. */
function substitutes(references: Readonly<Record<string, string>>): readonly (string | undefined)[] {
  return Array.from({ length: '>'.charCodeAt(0) + 1 }, (_, code) => {
    const character = String.fromCharCode(code)
    return forbidden.test(character) ? replacement : references[character]
  })
}

function escape(text: string, references: readonly (string | undefined)[]): string {
  const wellFormed = text.toWellFormed()
  let escaped = ''
  let end = 0
  for (let at = 0; at < wellFormed.length; at++) {
    const code = wellFormed.charCodeAt(at)
    if (code >= references.length && code < 0xfffe) continue
    const reference = code < references.length ? references[code] : replacement
    if (reference === undefined) continue
    escaped += wellFormed.slice(end, at) + reference
    end = at + 1
  }
  return escaped + wellFormed.slice(end)
}
