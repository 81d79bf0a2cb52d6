import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import ts from 'typescript'

/**
 * Measures how the code reads, and compares it with the numbers of `test/house.json`, which may only fall. With `--lower`
 * it writes lower numbers down.
 */

const file = 'test/house.json'

interface Source {
  readonly path: string
  readonly text: string
  readonly tree: ts.SourceFile
}

const sources: readonly Source[] = ['src', 'migrations'].flatMap((top) =>
  readdirSync(top, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => {
      const path = join(top, name)
      const text = readFileSync(path, 'utf8')
      return { path, text, tree: ts.createSourceFile(path, text, ts.ScriptTarget.Latest) }
    }),
)

const measured: Readonly<Record<string, number>> = {
  'question words per 1,000 words of comments': questionWords(),
  'files under 30 lines with one importer, in the same folder': crumbs().length,
  'lines over 120 columns': sources.flatMap(({ text }) => text.split('\n')).filter(({ length }) => length > 120).length,
}
const allowed = JSON.parse(readFileSync(file, 'utf8')) as Record<string, number>

for (const [name, number] of Object.entries(measured)) {
  const most = allowed[name] ?? 0
  const remark = number > most ? `, more than ${most}` : number < most ? `, before ${most}: run npm run house` : ''
  process.stdout.write(`${name}: ${number}${remark}\n`)
  if (number > most) process.exitCode = 1
}
if (process.argv.includes('--lower') && process.exitCode === undefined) {
  writeFileSync(file, `${JSON.stringify(measured, null, 2)}\n`)
}

/** How often a comment asks instead of naming. */
function questionWords(): number {
  const words =
    sources
      .flatMap(commentsOf)
      .join(' ')
      .toLowerCase()
      .match(/[a-z']+/g) ?? []
  const asking = words.filter((word) => /^(what|who|whoever|where|which|whose)$/.test(word))
  return Math.round((asking.length * 10_000) / words.length) / 10
}

function commentsOf({ text, tree }: Source): string[] {
  const comments = new Map<number, string>()
  const collect = (node: ts.Node): void => {
    for (const { pos, end } of ts.getLeadingCommentRanges(text, node.pos) ?? []) comments.set(pos, text.slice(pos, end))
    ts.forEachChild(node, collect)
  }
  collect(tree)
  return [...comments.values()]
}

/** Files that are too small for a walk to them. */
function crumbs(): string[] {
  const importers = new Map<string, Set<string>>()
  for (const { path, tree } of sources) {
    for (const from of importedBy(tree)) {
      const target = normalize(join(dirname(path), from))
      const known = importers.get(target) ?? new Set()
      importers.set(target, known.add(path))
    }
  }
  return sources.flatMap(({ path, text }) => {
    const [only, ...others] = importers.get(path.replace(/\.tsx?$/, '.js')) ?? []
    const isAlone = only !== undefined && others.length === 0 && dirname(only) === dirname(path)
    return isAlone && text.split('\n').length <= 30 ? path : []
  })
}

function importedBy(tree: ts.SourceFile): string[] {
  return tree.statements.flatMap((statement) =>
    (ts.isImportDeclaration(statement) || ts.isExportDeclaration(statement)) &&
    statement.moduleSpecifier &&
    ts.isStringLiteral(statement.moduleSpecifier) &&
    statement.moduleSpecifier.text.startsWith('.')
      ? statement.moduleSpecifier.text
      : [],
  )
}
