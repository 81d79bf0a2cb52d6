import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { type Document, documents, proseOf } from './documents.js'

/** Links to files of the repository, and the anchor of each. Addresses of other sites are not followed. */
function linksOf(document: Document): { path: string; anchor: string | undefined }[] {
  const text = proseOf(document).replaceAll(/`[^`\n]*`/g, '')
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => {
      const [path = '', anchor] = target.split('#')
      return { path: path === '' ? document.file : normalize(join(dirname(document.file), path)), anchor }
    })
}

/** The anchors of headings, as GitHub makes them. */
function anchorsOf(file: string): string[] {
  const prose = proseOf({ file, text: readFileSync(file, 'utf8') })
  const counts = new Map<string, number>()
  return [...prose.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => {
    const anchor = heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}_ -]/gu, '')
      .replaceAll(' ', '-')
    const count = counts.get(anchor) ?? 0
    counts.set(anchor, count + 1)
    return count === 0 ? anchor : `${anchor}-${count}`
  })
}

const changelog = { file: 'CHANGELOG.md', text: readFileSync('CHANGELOG.md', 'utf8') }

test.each([...documents, changelog])('every link in $file leads to a file and a heading', (document) => {
  const broken = linksOf(document).filter(
    ({ path, anchor }) => !existsSync(path) || (anchor !== undefined && !anchorsOf(path).includes(anchor)),
  )
  expect(broken).toEqual([])
})

test('the README links every document', () => {
  const [readme, ...others] = documents
  const linked = new Set(linksOf(readme as Document).map(({ path }) => path))
  expect(others.map(({ file }) => file).filter((file) => !linked.has(file))).toEqual([])
})

test('the README has at most 12 KB', () => {
  expect(readFileSync('README.md').length).toBeLessThanOrEqual(12_000)
})
