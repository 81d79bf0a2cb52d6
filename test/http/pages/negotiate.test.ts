import fc from 'fast-check'
import { wantsPage } from '../../../src/http/request/accept.js'

/** A request gets a page only if it prefers HTML over every feed type (docs/decisions.md, Browsers get a page). */

const wants = (accept: string | undefined) => wantsPage({ headers: accept === undefined ? {} : { accept } })

test.each([
  ['Chromium', 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8'],
  ['Firefox', 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8'],
  ['Safari', 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8'],
  ['Lynx', 'text/html, text/plain, text/sgml, text/css, */*;q=0.01'],
  ['whoever wants nothing else', 'text/html'],
  ['in capitals', 'TEXT/HTML; Q=0.8, */*; Q=0.1'],
])('a page for %s', (_who, accept) => {
  expect(wants(accept)).toBe(true)
})

test.each([
  ['says nothing', undefined],
  ['curl', '*/*'],
  ['Miniflux', 'application/xml, application/atom+xml, application/rss+xml, application/rdf+xml, text/html, */*;q=0.9'],
  ['NetNewsWire', 'application/atom+xml,application/rss+xml,application/xml,text/xml'],
  ['an SDK', 'application/atom+xml'],
  ['wants both alike', 'text/html;q=0.5, text/xml;q=0.5'],
  ['takes anything as gladly', 'text/html, */*'],
  ['refuses HTML', 'text/html;q=0'],
  ['mangles the weight', 'text/html;q=much'],
])('a feed for a client that %s', (_who, accept) => {
  expect(wants(accept)).toBe(false)
})

test('a feed type with the same preference as HTML gets the feed, whatever else is accepted', () => {
  const feed = fc.constantFrom('application/atom+xml', 'application/xml', 'text/xml', 'application/rss+xml', '*/*')
  const other = fc.constantFrom('image/png', 'application/xhtml+xml;q=0.9', 'text/plain;q=0.1', 'nonsense', ';;q=')
  const weight = fc.integer({ min: 0, max: 10 })
  fc.assert(
    fc.property(feed, weight, weight, fc.array(other), (type, html, xml, others) => {
      const accept = [...others, `text/html;q=${html / 10}`, `${type};q=${xml / 10}`].join(', ')
      expect(wants(accept)).toBe(html > xml)
    }),
  )
})
