/** A text of ours, and the words of people that it holds. */
export interface Sentence {
  /** Makes the sentence. */
  readonly text: (...names: string[]) => string
  /** What people wrote, in the order in which the sentence takes it. */
  readonly names: readonly string[]
}

/**
 * A sentence of ours with words of people in it, which may be of any script: each is kept to itself, so that the rest of the
 * line stays in its order, and at its side of the page (HTML, section 4.5.24).
 */
export function Isolated({ text, names }: Sentence) {
  const marked = text(...names.map((_, index) => `\0${index}\0`))
  // Of what `split` gives, each second one is what the pattern caught.
  return marked.split(/\0(\d+)\0/).map((part, place) => (place % 2 === 1 ? <bdi>{names[Number(part)]}</bdi> : part))
}
