import { existsSync, readdirSync, readFileSync } from 'node:fs'
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

/** Files and folders of the repository that a document names in backticks, by path. */
const named = /`((?:src|test|fixtures|docs|migrations|\.ci)\/[^`\s]*)`/g

test.each(documents)('every file or folder that $file names exists', (document) => {
  const paths = [...proseOf(document).matchAll(named)].map(([, path = '']) => path)
  expect(paths.filter((path) => !existsSync(path))).toEqual([])
})

/** The rows of the layout table: the folders of a row, and the other names in it. URLs begin with a slash. */
function layoutOf(text: string): { folders: string[]; names: string[] }[] {
  const namesIn = (cell = '') => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name)
  return [...text.matchAll(/^\| (`.*?) *\| (.*?) *\|$/gm)]
    .map(([, folders, contents]) => ({ folders: namesIn(folders), names: namesIn(contents) }))
    .filter(({ folders }) => folders.some((folder) => folder.endsWith('/')))
    .map(({ folders, names }) => ({ folders, names: names.filter((name) => !name.startsWith('/')) }))
}

/** Whether a name is a file, a folder, or the end of the name of a file, in one of the folders or at the root. */
function isIn(folders: readonly string[], name: string): boolean {
  const paths = [...folders.map((folder) => join(folder, name)), name]
  if (name.startsWith('*')) {
    return folders.some((folder) => readdirSync(folder).some((file) => file.endsWith(`${name.slice(1)}.ts`)))
  }
  return paths.flatMap((path) => [path, `${path}.ts`, `${path}.tsx`]).some((path) => existsSync(path))
}

test('the layout in CONTRIBUTING names existing files, and every folder of src', () => {
  const layout = layoutOf(readFileSync('CONTRIBUTING.md', 'utf8'))
  expect(layout.flatMap(({ folders, names }) => names.filter((name) => !isIn(folders, name)))).toEqual([])
  const all = layout.flatMap(({ folders }) => folders)
  const folders = readdirSync('src', { withFileTypes: true }).filter((entry) => entry.isDirectory())
  expect(folders.map(({ name }) => `src/${name}/`).filter((folder) => !all.includes(folder))).toEqual([])
  expect(layout.flatMap(({ names }) => names).length).toBeGreaterThan(20)
})

test('the README links every document', () => {
  const [readme, ...others] = documents
  const linked = new Set(linksOf(readme as Document).map(({ path }) => path))
  expect(others.map(({ file }) => file).filter((file) => !linked.has(file))).toEqual([])
})

test('the README has at most 12 KB', () => {
  expect(readFileSync('README.md').length).toBeLessThanOrEqual(12_000)
})
