import { as, servedCast } from '../support/served-cast.js'
import { addPerson } from '../support/world.js'
import { type Element, parse, tagged } from '../support/xml.js'

/**
 * A crawler in Python (docs/wire.md, What each client needs): it meets everybody by the letters that words begin with.
 */

const cast = servedCast()

test('the crawler finds everyone by initial letter, over several pages', async () => {
  for (let at = 0; at < 250; at++) {
    await addPerson(cast.db(), `person${at}`, { name: `Abel ${at}`, updated: new Date('2026-03-01T10:00:00Z') })
  }
  const page = async (query: string) => {
    const { status, text } = await cast.send(`/profiles/atom/search.do?search=a*&ps=250${query}`, { as: as('ann') })
    expect(status).toBe(200)
    return parse(text)
  }
  const first = (element: Element, tag: string) => tagged(element, tag)[0] as Element
  const people: string[][] = []
  const read = (feed: Element) => {
    for (const entry of tagged(feed, 'entry')) {
      const person = first(entry, 'contributor')
      const date = first(entry, 'updated').text.slice(0, 10)
      people.push([first(person, 'snx:userid').text, first(person, 'name').text, first(person, 'email').text, date])
    }
    return Number(first(feed, 'opensearch:totalResults').text)
  }
  const total = read(await page(''))
  expect(total).toBe(253)
  for (let number = 2; number <= Math.ceil(total / 250); number++) read(await page(`&page=${number}`))

  const abels = Array.from({ length: 250 }, (_, at) => [
    `person${at}`,
    `Abel ${at}`,
    `person${at}@example.com`,
    '2026-03-01',
  ])
  const others = [
    ['ann', 'Ann Zoë Lindström-O’Neill', 'ann@example.com', '2026-03-14'],
    // By a tag, and by the description.
    ['greta', 'Greta &copy; <Groß>', 'greta@example.com', '2026-05-05'],
    ['kit', 'Kit 🦊 𝒦nox', 'kit@example.com', '2026-06-15'],
  ]
  const expected = [...others, ...abels]
  expect(people.sort()).toEqual(expected.sort())
})
