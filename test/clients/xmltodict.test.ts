import { XMLParser } from 'fast-xml-parser'
import { as, servedCast } from '../support/served-cast.js'

/**
 * A network analysis in Python (docs/wire.md, What each client needs): it turns a feed into dictionaries by names as
 * written.
 */

const cast = servedCast()

interface Dictionary {
  feed: { entry: { 'snx:connection': { contributor: { email: string }[] } }[] }
}

test('the analysis gets an edge for each colleague, with an unencoded address in the query', async () => {
  const path =
    '/profiles/atom/connections.do?email=bo@example.com&connectionType=colleague&status=accepted&output=vcard'
  const { status, text } = await cast.send(path, { as: as('ann') })
  expect(status).toBe(200)
  const { feed } = new XMLParser({ ignoreAttributes: false }).parse(text) as Dictionary
  expect(feed.entry.map((entry) => entry['snx:connection'].contributor.map(({ email }) => email))).toEqual([
    ['bo@example.com', 'eleni@example.com'],
    ['bo@example.com', 'chen@example.com'],
    ['bo@example.com', 'ann@example.com'],
  ])
})
