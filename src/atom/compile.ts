import { escapeAttribute, escapeLine, escapePart, escapeText, onOneLine, withoutSeparators } from './escape.js'

/**
 * Compiles a text with marked holes (`mark`) to a function that fills them. A text hole inside a tag is an attribute
 * value. A value that fills several holes is escaped once.
 *
 * Most holes of a card are empty. Therefore `blank` is the text with all holes empty, and the text between two filled
 * holes is a slice of it. The slices between neighbouring holes are made in advance.
 *
 * @throws TypeError if a hole does not fit its place, or another hole of its field
 */
export function compile(shape: string, escapes: Escapes = xmlEscapes): Fill {
  const { blank, holes, slots } = parse(shape, escapes)
  const starts = [0, ...holes.map(({ at }) => at)]
  const pieces = holes.map(({ at }, hole) => blank.slice(starts[hole], at))
  const sources = holes.map(({ slot }) => slot.index)
  const required = slots.filter(({ isField }) => !isField)
  const fields = new Map(slots.filter(({ isField }) => isField).map((slot) => [slot.name, slot]))
  if (required.length + fields.size < slots.length) throw new TypeError('A field has holes of two kinds.')
  const empty = slots.map(() => '')

  return (values, present) => {
    const filled = empty.slice()
    for (const { index, name, escape } of required) {
      const value = (values as Record<string, string>)[name] as string
      filled[index] = escape ? escape(value) : value
    }
    if (present !== undefined) fillPresent(filled, fields, present)
    let text = ''
    let last = 0
    for (let hole = 0; hole < sources.length; hole++) {
      const value = filled[sources[hole] as number] as string
      if (value === '') continue
      text += (last === hole ? pieces[hole] : blank.slice(starts[last], starts[hole + 1])) + value
      last = hole + 1
    }
    return text + blank.slice(starts[last])
  }
}

/** Fills the holes with the values and, in addition, with the fields that are present. */
export type Fill = (values: object, fields?: object) => string

/** How a text is escaped: as character data, as a value of a vCard, or as a part of a structured one. */
export type Kind = 'text' | 'line' | 'part'

/** Marks a hole. Latin-1, since one character beyond it would double the memory of every text that is cut out. */
export const mark = (kind: Kind | 'plain' | 'markup', name: string, isField = false): string =>
  `«${isField ? '?' : ''}${kind}:${name}»`

const marks = /«(\??)(\w+):(\w+)»/g

type Escape = (text: string) => string
type Escapes = Readonly<Record<Kind, Escape | undefined>>

const xmlEscapes: Escapes = { text: escapeText, line: escapeLine, part: escapePart }

/** For a document that is not XML. */
export const plainEscapes: Escapes = {
  text: undefined,
  line: onOneLine,
  part: (text) => onOneLine(withoutSeparators(text)),
}

/** A value in one escaping, for one or more holes. */
interface Slot {
  readonly index: number
  readonly name: string
  readonly isField: boolean
  readonly escape: Escape | undefined
}

interface Parsed {
  readonly blank: string
  readonly holes: readonly { readonly at: number; readonly slot: Slot }[]
  readonly slots: readonly Slot[]
}

function parse(shape: string, escapes: Escapes): Parsed {
  let blank = ''
  let end = 0
  const slots = new Map<string, Slot>()
  const holes = [...shape.matchAll(marks)].map((match) => {
    const [whole, flag, kind = '', name = ''] = match
    blank += shape.slice(end, match.index)
    end = match.index + whole.length
    const inTag = blank.lastIndexOf('<') > blank.lastIndexOf('>')
    const key = `${whole}${inTag}`
    const slot = slots.get(key) ?? {
      index: slots.size,
      name,
      isField: flag !== '',
      escape: escapeOf(kind, inTag, escapes),
    }
    slots.set(key, slot)
    return { at: blank.length, slot }
  })
  return { blank: blank + shape.slice(end), holes, slots: [...slots.values()] }
}

function escapeOf(kind: string, inTag: boolean, escapes: Escapes): Escape | undefined {
  if (kind === 'plain') return undefined
  if (kind === 'text' && inTag) return escapeAttribute
  if (inTag) throw new TypeError(`A hole for ${kind} cannot be inside a tag.`)
  return kind === 'markup' ? undefined : escapes[kind as Kind]
}

/** Looks at the fields that are present, since most are not. */
function fillPresent(filled: string[], fields: ReadonlyMap<string, Slot>, present: object): void {
  for (const name in present) {
    const field = fields.get(name)
    const value = (present as Record<string, unknown>)[name]
    if (field && typeof value === 'string') filled[field.index] = field.escape ? field.escape(value) : value
  }
}
