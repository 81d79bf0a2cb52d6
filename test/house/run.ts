import { readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { filesEntered } from './entered.js'
import { commentsOf, readSources, roomOf, type Source } from './sources.js'

/**
 * Measures how the code reads. The numbers of `ratchets.json` may only fall. With `--all` (`npm run house`) it prints
 * every number, and writes the lower ones down.
 */

const file = 'test/house/ratchets.json'
const all = process.argv.includes('--all')
const sources = readSources('src', 'migrations')
const importers = importersOf(sources)

const measured: Readonly<Record<string, number>> = {
  'question words per 1,000 words of comments': questionWords(sources),
  'files under 30 lines with one importer, in the same folder': sources.filter(isCrumb).length,
  'lines over 120 columns': sources.flatMap(({ text }) => text.split('\n')).filter(({ length }) => length > 120).length,
}
const allowed = JSON.parse(readFileSync(file, 'utf8')) as Record<string, number>

const isWorse = Object.entries(measured).some(([name, number]) => number > (allowed[name] ?? 0))
for (const [name, number] of Object.entries(measured)) {
  const max = allowed[name] ?? 0
  const remark = number > max ? `, more than ${max}` : number < max ? `, before ${max}: run npm run house` : ''
  print(`${name}: ${number}${remark}`)
}
if (all) {
  printShape(sources.filter(({ path }) => path.startsWith('src')))
  for (const [request, entered] of Object.entries(await filesEntered()))
    print(`files entered by ${request}: ${entered}`)
  if (!isWorse) writeFileSync(file, `${JSON.stringify(measured, null, 2)}\n`)
}
// The embedded database sets a code of its own.
process.exitCode = isWorse ? 1 : 0

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

function importersOf(of: readonly Source[]): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map<string, Set<string>>()
  for (const { path, imports } of of) {
    for (const target of imports) found.set(target, (found.get(target) ?? new Set()).add(path))
  }
  return found
}

/** Question words per 1,000 words of comments. */
function questionWords(of: readonly Source[]): number {
  const words =
    of
      .flatMap(commentsOf)
      .join(' ')
      .toLowerCase()
      .match(/[a-z']+/g) ?? []
  const asking = words.filter((word) => /^(what|who|whoever|where|which|whose)$/.test(word))
  return Math.round((asking.length * 10_000) / words.length) / 10
}

/** A small file with one importer, in the same folder. */
function isCrumb({ path, lines }: Source): boolean {
  const [only, ...others] = importers.get(path) ?? []
  return only !== undefined && others.length === 0 && dirname(only) === dirname(path) && lines < 30
}

function printShape(of: readonly Source[]): void {
  const sizes = of.map(({ lines }) => lines).toSorted((one, other) => one - other)
  const at = (share: number) => sizes[Math.floor(share * (sizes.length - 1))]
  const imports = of.flatMap(({ path, imports: targets }) => targets.map((target) => [path, target] as const))
  print(`source files: ${of.length}; median ${at(0.5)}, p95 ${at(0.95)}, max ${at(1)} lines`)
  print(`files of 20 lines or less: ${sizes.filter((size) => size <= 20).length}`)
  print(`files of 40 lines or less: ${sizes.filter((size) => size <= 40).length}`)
  print(`files with a single importer: ${of.filter(({ path }) => importers.get(path)?.size === 1).length}`)
  print(`imports between files: ${imports.length}`)
  print(`imports between rooms: ${imports.filter(([from, to]) => roomOf(from) !== roomOf(to)).length}`)
  for (const room of [...new Set(of.map(({ path }) => roomOf(path)))].toSorted()) {
    const files = of.filter(({ path }) => roomOf(path) === room)
    const lines = files.reduce((sum, each) => sum + each.lines, 0)
    print(`  ${room}: ${files.length} files, ${lines} lines, ${questionWords(files)} question words`)
  }
}
