import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { titlesIn } from './support/titles.js'

/** Each row of `docs/trust.md` names existing tests, and each cited code has a row. */

const trust = readFileSync('docs/trust.md', 'utf8')
const rows = trust.split('\n').filter((line) => line.startsWith('| ') && line.includes('`') && line.includes('"'))
const codes = rows.flatMap((row) => /^\| ([A-Z]\d+) /.exec(row)?.[1] ?? [])

/** The tests that a row names: files under `test/` without their ending, and titles. */
const named = (row: string) =>
  [...row.matchAll(/`([\w/-]+)` "([^"]+)"/g)].map(([, file = '', title = '']) => ({ file, title }))

test('each requirement has one row', () => {
  expect(codes.length).toBeGreaterThan(40)
  expect(codes.filter((code, index) => codes.indexOf(code) !== index)).toEqual([])
})

test('each row of a requirement, a failure or a limit names a test', () => {
  const tables = trust.split('\n## ').slice(1)
  const all = tables.flatMap((table) => table.split('\n').filter((line) => /^\| (?!code |failure |what |-)/.test(line)))
  expect(all.filter((row) => named(row).length === 0)).toEqual([])
})

test.each(rows.flatMap(named).map(({ file, title }) => [file, title]))('%s has the test "%s"', (file, title) => {
  expect(titlesIn(readFileSync(`test/${file}.test.ts`, 'utf8'))).toContain(title)
})

test('each code in a comment or a test title has a row', () => {
  const files = ['src', 'test'].flatMap((top) =>
    readdirSync(top, { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.tsx?$/.test(name))
      .map((name) => join(top, name)),
  )
  const cited = files.flatMap((file) => {
    const text = readFileSync(file, 'utf8')
    const inComments = [...text.matchAll(/docs\/trust\.md, ([^)]*)/g)].flatMap(
      ([, list = '']) => list.match(code) ?? [],
    )
    const inTitles = titlesIn(text, { withCodes: true }).flatMap(
      (title) => title.match(/^[A-Z]\d+(?=: )|(?<= \()[A-Z]\d+(?=\)$)/g) ?? [],
    )
    return [...inComments, ...inTitles].map((cited) => [file, cited] as const)
  })
  expect(cited.length).toBeGreaterThan(50)
  expect(cited.filter(([, cited]) => !codes.includes(cited))).toEqual([])
})

const code = /\b[A-Z]\d+\b/g
