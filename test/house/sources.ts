import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize, sep } from 'node:path'
import ts from 'typescript'

export interface Source {
  readonly path: string
  readonly text: string
  readonly tree: ts.SourceFile
  /** Lines, without the empty text after the last line break. */
  readonly lines: number
  /** Paths of the sources that it imports, types included. */
  readonly imports: readonly string[]
}

/** Reads every TypeScript file below some folders. */
export function readSources(...folders: string[]): Source[] {
  const files = folders.flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.tsx?$/.test(name))
      .map((name) => join(folder, name)),
  )
  const byModule = new Map(files.map((file) => [file.replace(/\.tsx?$/, '.js'), file]))
  return files.map((path) => {
    const text = readFileSync(path, 'utf8')
    const tree = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true)
    const imports = importedBy(tree).flatMap((from) => byModule.get(normalize(join(dirname(path), from))) ?? [])
    return { path, text, tree, lines: text.split('\n').length - 1, imports: [...new Set(imports)] }
  })
}

/** The room of a file: the folder below `src`, or the file itself. */
export const roomOf = (path: string): string => path.split(sep)[1]?.replace(/\.tsx?$/, '') ?? path

/** Every comment of a source, with its marks. */
export function commentsOf({ text, tree }: Source): string[] {
  const comments = new Map<number, string>()
  const collect = (node: ts.Node): void => {
    for (const { pos, end } of ts.getLeadingCommentRanges(text, node.pos) ?? []) comments.set(pos, text.slice(pos, end))
    ts.forEachChild(node, collect)
  }
  collect(tree)
  return [...comments.values()]
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
