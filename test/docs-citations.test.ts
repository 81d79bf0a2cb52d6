import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'

/**
 * Comments cite documents of this repository alone: in brackets, the document, a comma, a heading. Further headings
 * follow after semicolons, and are of the same document unless they name another one.
 */

interface Comment {
  readonly file: string
  /** On one line, without its stars and slashes. */
  readonly text: string
}

const files = ['src', 'test', 'migrations'].flatMap((top) =>
  readdirSync(top, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(tsx?|js|css)$/.test(name))
    .map((name) => join(top, name)),
)
const comments = files.flatMap((file) =>
  commentsIn(readFileSync(file, 'utf8')).map((text): Comment => ({ file, text })),
)

function commentsIn(source: string): string[] {
  const found = new Map<number, string>()
  const tree = ts.createSourceFile('file.tsx', source, ts.ScriptTarget.Latest)
  const collect = (node: ts.Node): void => {
    const ranges = [
      ...(ts.getLeadingCommentRanges(source, node.pos) ?? []),
      ...(ts.getTrailingCommentRanges(source, node.end) ?? []),
    ]
    for (const { pos, end } of ranges) found.set(pos, source.slice(pos, end))
    ts.forEachChild(node, collect)
  }
  collect(tree)
  return [...found.values()].map((text) =>
    text.replaceAll(/^\/\*+|\*+\/$|^\s*\*? ?|^\s*\/\/ ?/gm, '').replaceAll(/\s+/g, ' '),
  )
}

interface Citation {
  readonly document: string
  /** Absent if the document is only mentioned, outside of brackets. */
  readonly heading?: string
}

/** The citations of a comment. A malformed citation is found too: its heading is its whole text, and does not exist. */
function citationsIn(text: string): Citation[] {
  const lists = [...text.matchAll(/\(([^()]*docs\/[^()]*)\)/g)].map(([, list = '']) => list)
  const whole = lists.flatMap((list) => {
    let document = ''
    return list.split(';').flatMap((part): Citation[] => {
      const [, named, heading = part.trim()] = /^\s*docs\/([\w-]+\.md)(?:, (.*\S))?\s*$/.exec(part) ?? []
      if (named !== undefined) document = named
      // An RFC may stand before.
      return document === '' ? [] : [{ document, heading }]
    })
  })
  const outside = lists.reduce((rest, list) => rest.replace(list, ''), text).match(/docs\/[\w-]+\.md/g) ?? []
  return [...whole, ...outside.map((name) => ({ document: name.slice('docs/'.length) }))]
}

/** The anchors of a document: its headings, and the codes of requirements. */
function anchorsOf(document: string): string[] {
  const path = join('docs', document)
  if (!existsSync(path)) return []
  const lines = readFileSync(path, 'utf8').split('\n')
  return lines.flatMap((line) => /^#{2,3} (.*)$/.exec(line)?.[1] ?? /^\| ([A-Z]\d+) /.exec(line)?.[1] ?? [])
}

const citations = comments.flatMap(({ file, text }) => citationsIn(text).map((citation) => ({ file, ...citation })))

test('each citation names an existing document and heading', () => {
  expect(citations.length).toBeGreaterThan(100)
  const anchors = new Map(
    [...new Set(citations.map(({ document }) => document))].map((each) => [each, anchorsOf(each)]),
  )
  const isThere = ({ document, heading }: Citation) => {
    const known = anchors.get(document) ?? []
    return heading === undefined ? known.length > 0 : known.includes(heading)
  }
  expect(citations.filter((citation) => !isThere(citation))).toEqual([])
})

const elsewhere = [
  /wire reference/i,
  /connections-module/,
  /(?<!docs\/)\b(trust|design)\.md/,
  /\((trust|reference|seed|feed-consumers|design)\b[,;. )]/,
  /\bseed \d/,
  /model-codebases|feed-consumers/,
  /\(sections? \d/,
]

test('no comment cites a document outside the repository', () => {
  const breaches = comments.filter(({ text }) => elsewhere.some((pattern) => pattern.test(text)))
  expect(breaches).toEqual([])
})

test.each([
  ['one', 'Reads it (docs/wire.md, The feed).', ['wire.md The feed']],
  ['several of one document', '(docs/wire.md, Paging; Order)', ['wire.md Paging', 'wire.md Order']],
  ['two documents', '(docs/trust.md, Z2; docs/wire.md, Visibility)', ['trust.md Z2', 'wire.md Visibility']],
  ['an RFC before it', '(RFC 9110, section 13.1.3; docs/wire.md, Paging)', ['wire.md Paging']],
  ['one without a heading', 'See (docs/wire.md).', ['wire.md docs/wire.md']],
  ['a mention', 'Reads docs/wire.md as a text.', ['wire.md undefined']],
  ['none', 'Nothing (RFC 9110, section 3).', []],
])('finds the citations of a comment: %s', (_what, text, expected) => {
  expect(citationsIn(text).map(({ document, heading }) => `${document} ${heading}`)).toEqual(expected)
})

test('finds a citation that spans several lines', () => {
  const source = '/**\n * Reads it (docs/wire.md, The\n * feed).\n */\nconst a = 1 // Here (docs/wire.md, Order).\n'
  expect(commentsIn(source).flatMap(citationsIn)).toEqual([
    { document: 'wire.md', heading: 'The feed' },
    { document: 'wire.md', heading: 'Order' },
  ])
})
