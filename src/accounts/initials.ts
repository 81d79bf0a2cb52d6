const graphemes = new Intl.Segmenter()

/** Of a letter with more marks than any language piles up, the rest is not shown. */
const longest = 16

/**
 * The initials of a display name: the first letter or digit, as a reader sees one, of its first and of its last word
 * that has any. Of a name without letters what it begins with; `?` for a blank one.
 */
export function initialsOf(name: string): string {
  const words = name.split(/\s+/).flatMap((word) => initial(word) ?? [])
  const initials = words.length > 1 ? [words[0], words.at(-1)] : words
  return initials.join('') || shortGrapheme(firstOf(name.trim())) || '?'
}

const isLetter = (text: string) => /[\p{L}\p{N}]/u.test(text)

function initial(word: string): string | undefined {
  if (!isLetter(word)) return undefined
  for (const { segment } of graphemes.segment(word)) if (isLetter(segment)) return shortGrapheme(segment).toUpperCase()
  return undefined
}

const firstOf = (text: string) => [...graphemes.segment(text)][0]?.segment ?? ''

const shortGrapheme = (grapheme: string) => Array.from(grapheme).slice(0, longest).join('')
