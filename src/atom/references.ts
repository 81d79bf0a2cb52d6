import { isXmlText } from './escape.js'

/** Refuses a document, at a place that only the one who gives this function knows. */
export type Refuse = (reason: string) => never

const named: ReadonlyMap<string, string> = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
])

/**
 * Replaces the references of character data or of an attribute's value by what they stand for (XML 1.0, section 4.1).
 * Refuses entities that XML itself does not define, references to characters that it forbids, and a bare `&`.
 */
export function decodeReferences(text: string, refuse: Refuse): string {
  return text.replace(/&(?:(#?\w+);)?/g, (whole: string, name: string | undefined) => {
    if (name === undefined) refuse('an "&" has to be written as "&amp;"')
    return named.get(name) ?? numbered(name) ?? refuse(`"${whole}" stands for no character that XML allows`)
  })
}

function numbered(name: string): string | undefined {
  const [, hexadecimal, decimal] = /^#(?:x([\da-fA-F]+)|(\d+))$/.exec(name) ?? []
  const point = hexadecimal === undefined ? Number(decimal) : Number.parseInt(hexadecimal, 16)
  if (!(point <= 0x10ffff)) return undefined
  const character = String.fromCodePoint(point)
  return isXmlText(character) ? character : undefined
}
