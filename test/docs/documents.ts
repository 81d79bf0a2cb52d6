import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** A document for readers, by its path in the repository. */
export interface Document {
  readonly file: string
  readonly text: string
}

/** All checked documents. Programs in the changelog belong to old releases. */
export const documents: readonly Document[] = [
  'README.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  ...readdirSync('docs')
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
].map((file) => ({ file, text: readFileSync(file, 'utf8') }))

/** A fenced block. */
export interface Block {
  readonly file: string
  readonly line: number
  readonly language: string
  /** The paragraph before it. */
  readonly before: string
  readonly text: string
  /** The next block, if it follows directly and shows the output. */
  readonly printed: string | undefined
}

const fence = /^```([^\n`]*)\n([^]*?)^```$/gm

/** The fenced blocks of a document, in order. */
export function blocksOf({ file, text }: Document): Block[] {
  const found = [...text.matchAll(fence)]
  return found.map((match, n) => {
    const [whole, language = '', code = ''] = match
    const next = found[n + 1]
    const between = next && text.slice(match.index + whole.length, next.index)
    const isOutput = between?.trim() === '' && ['', 'text'].includes(next?.[1] ?? '')
    const above = text.slice(0, match.index)
    return {
      file,
      line: above.split('\n').length,
      language,
      before: above.trimEnd().split('\n\n').at(-1) ?? '',
      text: code,
      printed: isOutput ? next?.[2] : undefined,
    }
  })
}

/** The text of a document without its fenced blocks. */
export const proseOf = ({ text }: Document): string => text.replaceAll(fence, '')
