import { readFileSync } from 'node:fs'
import { atomWriter } from '../src/atom/writer.js'
import { faultNames } from '../src/faults.js'
import { properties } from '../src/sharing/query/properties.js'
import { accountOf } from './support/people.js'
import { child, parse } from './support/xml.js'

/** The tables of `docs/module.md` and `docs/wire.md` list exactly the names of the code. */

const section = (document: string, heading: string): string => {
  const [, text = ''] = readFileSync(`docs/${document}.md`, 'utf8').split(new RegExp(`\n###? ${heading}\n`))
  return text.split(/\n###? /)[0] as string
}

/** The cells of the rows of a section's tables. */
const cells = (text: string) =>
  text
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.split('|').map((cell) => cell.trim()))

const quoted = (cell: string) => [...cell.matchAll(/`([^`]+)`/g)].map(([, word = '']) => word)

test('the table of faults lists every fault', () => {
  const names = cells(section('module', 'Faults')).flatMap(([, cell = '']) => {
    let family = ''
    return quoted(cell)
      .filter((word) => word.includes('.'))
      .map((word) => {
        const [own = '', detail = ''] = word.split('.')
        family = own || family
        return `${family}.${detail}`
      })
  })
  expect(names.toSorted()).toEqual(faultNames.toSorted())
})

test('the table of query properties lists every property with its uses', () => {
  const table = cells(section('module', 'Queries'))
    .filter((row) => row.length === 6)
    .flatMap(([, names = '', , sort, group]) => quoted(names).map((name) => [name, sort === 'yes', group === 'yes']))
  expect(new Map(table.map((row) => [row[0], row.slice(1)]))).toEqual(
    new Map([...properties].map(([name, { isSorted = false, isGrouped = false }]) => [name, [isSorted, isGrouped]])),
  )
})

test.each(['full', 'lite'] as const)('docs/wire.md lists the properties of a %s vCard in their order', (format) => {
  const writer = atomWriter('https://connections.example')
  const entry = parse(writer.profiles.document(accountOf('x'), { output: 'vcard', format }))
  const lines = child(entry, 'content').text.trim().split('\n')
  const written = lines.map((line) => /^(?:(?:BEGIN|END|VERSION):.*|X_EXTENSION_PROPERTY|[^:]+)/.exec(line)?.[0])
  const listed =
    section('wire', 'vCard 2.1')
      .split('\n\n')
      .find((part) => part.includes('BEGIN:VCARD')) ?? ''
  const names = [...listed.matchAll(/(\*\*)?`([A-Z][\w;:=.]*)`/g)].filter(([, lite]) => format === 'full' || lite)
  expect(names.map(([, , name]) => name)).toEqual(written)
})
