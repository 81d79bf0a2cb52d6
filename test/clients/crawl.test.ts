import { as, servedCast } from '../support/served-cast.js'
import { type Element, parse, tagged } from '../support/xml.js'

/**
 * A crawler in Python (docs/wire.md, What each client needs). It reads names with their prefixes, without namespaces.
 */

const cast = servedCast()

test('the crawler reads the dates of all connections', async () => {
  const { text } = await cast.send('/profiles/atom/connections.do?userid=bo&connectionType=colleague&ps=250', {
    as: as('ann'),
  })
  const feed = parse(text)
  const first = (element: Element, tag: string) => tagged(element, tag)[0] as Element
  const person = (element: Element) => ['name', 'snx:userid', 'email'].map((tag) => first(element, tag).text)
  const read = (entry: Element) => ({
    date: first(entry, 'updated').text.slice(0, 10),
    author: person(first(entry, 'author')),
    contributor: person(first(entry, 'contributor')),
  })
  // It counts pages by the size that it asks for.
  const counts = ['opensearch:totalResults', 'opensearch:itemsPerPage'].map((tag) => first(feed, tag).text)
  expect(counts).toEqual(['3', '250'])
  const bo = ['Борис Иванов', 'bo', 'bo@example.com']
  const eleni = ['Ελένη Παπαδοπούλου', 'eleni', 'eleni@example.com']
  const chen = ['陈晓明', 'chen', 'chen@example.com']
  expect(tagged(feed, 'entry').map(read)).toEqual([
    { date: '2026-04-05', author: bo, contributor: eleni },
    { date: '2026-02-20', author: bo, contributor: chen },
    { date: '2026-02-01', author: ['Ann Zoë Lindström-O’Neill', 'ann', 'ann@example.com'], contributor: bo },
  ])
})
