import { XMLParser } from 'fast-xml-parser'
import { appPasswordOf } from '../support/app-passwords.js'
import { servedCast } from '../support/served-cast.js'

/**
 * A chat bot (docs/wire.md, What each client needs). It reads with xml2js, so that an element with attributes is an
 * object. It signs in with a bearer token.
 */

const cast = servedCast()

const xml2js = new XMLParser({
  ignoreAttributes: false,
  attributesGroupName: '$',
  attributeNamePrefix: '',
  textNodeName: '_',
  isArray: (name) => name !== 'feed',
})

interface Read {
  feed: { entry: { title: [{ _: string }] }[] }
}

test('the bot reads the names of all colleagues', async () => {
  const path = '/profiles/atom/connections.do?connectionType=colleague&status=accepted'
  const { text } = await cast.send(path, (await appPasswordOf(cast.db(), 'bo')).bearer)
  const { feed } = xml2js.parse(text) as Read
  expect(feed.entry.map(({ title }) => title[0]._)).toEqual([
    'Ελένη Παπαδοπούλου',
    '陈晓明',
    'Ann Zoë Lindström-O’Neill',
  ])
})
