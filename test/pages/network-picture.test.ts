import fc from 'fast-check'
import { h } from 'preact'
import { renderToString } from 'preact-render-to-string'
import { NetworkPicture, type Picture, placesOf } from '../../src/pages/picture.js'
import { all, child, type Element, parse } from '../support/xml.js'

const drawn = (number: number, name = `Person ${number}`) => ({
  name,
  page: `?key=${number}`,
  photo: `p?key=${number}`,
})

/** A picture with groups: all members of a group know each other. */
function picture(count: number, groups = 5): Picture {
  const people = Array.from({ length: count }, (_, number) => drawn(number))
  const pairs = people.flatMap((_, one) =>
    people.flatMap((_, other) => (one < other && one % groups === other % groups ? [[one, other] as const] : [])),
  )
  return { owner: drawn(-1, 'Owner'), people, pairs }
}

const write = (made: Picture) => renderToString(h(NetworkPicture, made))

/** Parses the SVG. In HTML, `]]>` is text; everything else is as strict as XML. */
const draw = (made: Picture) => parse(write(made).replaceAll(']]>', ']]&gt;'))
const within = (element: Element): Element[] => element.children.flatMap((each) => [each, ...within(each)])
const dots = (root: Element) => root.children.filter(({ name }) => name === 'g')
const linkOf = (dot: Element) => child(dot, 'a')

test.each([0, 1, 5, 41, 81, 300])("each of %i people is one link with the person's name", (count) => {
  const made = picture(count)
  const links = dots(draw(made)).map(linkOf)
  const expected = [...made.people, made.owner]
  expect(links.map(({ attributes }) => [attributes['href'], attributes['aria-label']])).toEqual(
    expected.map(({ page, name }) => [page, name]),
  )
  expect(links.map((link) => child(link, 'title').text)).toEqual(expected.map(({ name }) => name))
})

test.each([1, 5, 41, 81, 300])('the circles of %i people do not overlap, and stay inside the picture', (count) => {
  const root = draw(picture(count))
  const circles = dots(root).map((dot) => {
    const [x, y] = (/^translate\((\S+) (\S+)\)$/.exec(String(dot.attributes['transform'])) ?? []).slice(1).map(Number)
    return { x: x as number, y: y as number, radius: Number(child(linkOf(dot), 'circle').attributes['r']) }
  })
  const gaps = circles.flatMap((one, index) =>
    circles.slice(index + 1).map((other) => Math.hypot(one.x - other.x, one.y - other.y) - one.radius - other.radius),
  )
  expect(Math.min(...gaps)).toBeGreaterThan(2)
  const [left = 0, top = 0, width = 0, height = 0] = String(root.attributes['viewBox']).split(' ').map(Number)
  for (const { x, y, radius } of circles) {
    expect(Math.min(x - radius - left, y - radius - top)).toBeGreaterThanOrEqual(0)
    expect(Math.min(left + width - x - radius, top + height - y - radius)).toBeGreaterThanOrEqual(0)
  }
})

test.each([5, 60, 299])('a person without connections stays among %i others', (count) => {
  const { pairs } = picture(count, 3)
  const distances = placesOf(count + 1, pairs, 50).map(({ x, y }) => Math.hypot(x, y))
  const alone = distances.pop() as number
  expect(alone).toBeLessThan(Math.max(...distances))
})

test('people keep the minimum distance from each other and from the owner, for any connections', () => {
  const networks = fc
    .integer({ min: 0, max: 60 })
    .chain((count) =>
      fc.tuple(
        fc.constant(count),
        count < 2
          ? fc.constant([])
          : fc.array(
              fc
                .uniqueArray(fc.nat(count - 1), { minLength: 2, maxLength: 2 })
                .map(([one, other]) => [one as number, other as number] as const),
            ),
      ),
    )
  fc.assert(
    fc.property(networks, ([count, pairs]) => {
      const places = [...placesOf(count, pairs, 30), { x: 0, y: 0 }]
      for (const [index, one] of places.entries()) {
        for (const other of places.slice(index + 1)) {
          expect(Math.hypot(one.x - other.x, one.y - other.y)).toBeGreaterThan(29.99)
        }
      }
    }),
    { numRuns: 50 },
  )
})

test('connected people are close to each other', () => {
  const { pairs } = picture(300)
  const places = placesOf(300, pairs, 30)
  const mean = (isSame: boolean) => {
    const lengths = places.flatMap((one, index) =>
      places.flatMap((other, at) =>
        at > index && (at % 5 === index % 5) === isSame ? [Math.hypot(one.x - other.x, one.y - other.y)] : [],
      ),
    )
    return lengths.reduce((sum, each) => sum + each, 0) / lengths.length
  }
  expect(mean(true) / mean(false)).toBeLessThan(0.5)
})

test('there is a line for each connection, and from the owner to everyone in a small network', () => {
  const paths = (root: Element) => all(root, 'path').map(({ attributes }) => [attributes['class'], attributes['d']])
  const [own, known] = paths(draw({ ...picture(3), pairs: [[0, 2]] }))
  const at = dots(draw({ ...picture(3), pairs: [[0, 2]] })).map(({ attributes }) =>
    String(attributes['transform']).replace(/^translate\(|\)$/g, ''),
  )
  expect(own).toEqual(['own', [0, 1, 2].map((person) => `M0 0L${at[person]}`).join('')])
  expect(known).toEqual(['known', `M${at[0]}L${at[2]}`])
  expect(paths(draw(picture(300))).map(([name]) => name)).toEqual(['known'])
})

test('the same network always gives the same bytes', () => {
  expect(write(picture(81))).toBe(write(picture(81)))
})

test('a name is always text', () => {
  const hostile = fc.oneof(
    fc
      .string({ unit: 'binary', minLength: 1, maxLength: 40 })
      .map((text) => text.replaceAll(/[\p{C}\uFFFE\uFFFF]/gu, 'x')),
    fc.constantFrom('<script>alert(1)</script>', '"><b x="', '&amp;', '&copy;', ']]>', '<!--', "'", '\u202eabc', ' '),
  )
  fc.assert(
    fc.property(hostile, fc.webUrl({ withQueryParameters: true }), (name, page) => {
      const root = draw({ owner: drawn(-1, name), people: [{ name, page, photo: page }], pairs: [] })
      const [dot] = dots(root)
      const link = linkOf(dot as Element)
      expect([link.attributes['aria-label'], child(link, 'title').text]).toEqual([name, name])
      const image = child(child(dot as Element, 'g'), 'image')
      expect([link.attributes['href'], image.attributes['href']]).toEqual([page, page])
    }),
  )
})

test('the picture needs nothing that a strict content security policy forbids', () => {
  const elements = within(draw(picture(41, 2)))
  expect(new Set(elements.map(({ name }) => name))).toEqual(
    new Set(['clipPath', 'circle', 'path', 'g', 'a', 'title', 'text', 'image']),
  )
  const attributes = new Set(elements.flatMap((each) => Object.keys(each.attributes)))
  expect([...attributes].filter((name) => name === 'style' || name.startsWith('on'))).toEqual([])
})

test('a long name is shortened in its label, and complete in its accessible name', () => {
  const name = 'Maria Magdalena 🦊🦊🦊 of the North'
  const [dot] = dots(draw({ ...picture(0), people: [drawn(0, name)] }))
  const labels = all(child(dot as Element, 'g'), 'text').filter(({ attributes }) => attributes['class'] === 'label')
  expect(labels.map(({ text }) => text)).toEqual(['Maria Magdalena…'])
  expect(linkOf(dot as Element).attributes['aria-label']).toBe(name)
})
