import { Failure } from '../errors.js'
import { charsetOf } from './encoding.js'

/** The answer in which a recorded document came. */
interface Answer {
  /** Undefined where the document stands alone. */
  readonly status: number | undefined
  /** What its Content-Type says. */
  readonly charset: string | undefined
  /** Where the document begins. */
  readonly start: number
}

const head = /\s*HTTP\/\d(?:\.\d)? +(\d{3})[^\n]*\n((?:[^\r\n][^\n]*\n)*)\r?\n/y
const nextHead = /^HTTP\/\d(?:\.\d)? +\d{3}\b/m
const fieldOf = (fields: string, name: string) => new RegExp(`^${name}:[ \\t]*(.*?)[ \\t\\r]*$`, 'im').exec(fields)?.[1]

/**
 * Finds the document in what a client recorded: after the last of the answers that it got one after the other, such as
 * 100 Continue, a proxy's, redirects and 401.
 *
 * @throws Failure `invalid` when the fields of an answer do not end
 */
export function lastAnswer(text: string): Answer {
  let answer: Answer = { status: undefined, charset: undefined, start: 0 }
  for (let at = 0; ;) {
    head.lastIndex = at
    const [, digits, fields = ''] = head.exec(text) ?? []
    if (digits === undefined) break
    answer = { status: Number(digits), charset: charsetOf(fieldOf(fields, 'content-type')), start: head.lastIndex }
    const next = startOfNext(text, answer, Number(fieldOf(fields, 'content-length') ?? 0))
    if (next === undefined) return answer
    at = next
  }
  if (/^\s*HTTP\//.test(text)) throw new Failure('invalid', 'Its HTTP header does not end with an empty line.')
  return answer
}

/**
 * Where another answer begins: at once, or after a body of the length that was said. A document is not searched, since
 * people wrote what is in it; the body of a refusal or a redirect is.
 */
function startOfNext(text: string, { status = 0, start }: Answer, length: number): number | undefined {
  const places = [start, start + length].filter((at) => /^\s*HTTP\/\d/.test(text.slice(at, at + 20)))
  if (places[0] !== undefined || (status >= 200 && status < 300)) return places[0]
  const found = text.slice(start).search(nextHead)
  return found === -1 ? undefined : start + found
}
