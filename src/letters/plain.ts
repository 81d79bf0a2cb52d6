const longest = 100

/** Breaks and controls, and what turns the direction of the text that follows. */
const unseen = /[\p{Cc}\p{Zl}\p{Zp}\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/gu

const rightToLeft = /[\u0590-\u08FF\uFB1D-\uFDFF\uFE70-\uFEFC\u{10800}-\u{10FFF}\u{1E800}-\u{1EFFF}]/u

/** A name as it can stand inside a sentence or a header, and never empty. */
export const plainName = (name: string): string => plainLine(name) || 'Somebody'

/** One line, not too long, of what can be seen. */
export function plainLine(name: string): string {
  const line = name.toWellFormed().replaceAll(unseen, ' ').replaceAll(/\s+/g, ' ').trim()
  const characters = Array.from(line)
  return characters.length > longest ? `${characters.slice(0, longest).join('').trim()}…` : line
}

/** A plain name that keeps its direction to itself, where it has another than the sentence. */
export const isolated = (name: string): string => (rightToLeft.test(name) ? `\u2068${name}\u2069` : name)

/** A message with one kind of line break, and none around it. */
export const plainMessage = (message: string): string =>
  message
    .toWellFormed()
    .replaceAll(/\r\n?|[\u2028\u2029]/g, '\n')
    .replace(/^\s*\n/, '')
    .trimEnd()
