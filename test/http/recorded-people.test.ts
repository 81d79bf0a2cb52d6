import { importFiles } from '../../src/transfer/import.js'
import { type Client, startClient } from '../support/client.js'
import { freshDatabase, type TestDatabase } from '../support/database.js'
import { haveRecordings, recording, recordingPath } from '../support/files.js'
import { bodyOf, expected, tidy } from '../support/recorded.js'
import { addPerson } from '../support/world.js'
import { type Element, links, meaning, parse } from '../support/xml.js'

let database: TestDatabase | undefined
let client: Client | undefined
afterEach(async () => {
  await client?.close()
  await database?.close()
})

const managed = '06-people-managed-paged-hcard-lite-200.http'
const found = '07-search-one-profile-200.http'

/** Sends the request of a recording to a server with the recorded data. */
async function ask(address: string, files: string[], others = 0) {
  const { origin, pathname, search } = new URL(address)
  database = await freshDatabase()
  await importFiles(database.db, files.map(recordingPath))
  for (let n = 0; n < others; n++) {
    await addPerson(database.db, `other${n}`, { name: `Amy Jones9${n}`, profile: { managerLogin: 'ajones1' } })
  }
  client = await startClient(database.db, { BASE_URL: origin })
  return client.send(`${pathname}${search}`)
}

/** A feed without the parts that are ours to choose: its id, date and generator. */
const asCompared = (feed: Element) => ({
  ...feed,
  children: feed.children.map((each) =>
    ['id', 'updated', 'generator'].includes(each.name) ? { ...each, attributes: {}, children: [], text: '' } : each,
  ),
})

if (!haveRecordings) {
  test('the comparison is omitted without the recordings of people', () => {
    expect(recording(found)).toBeUndefined()
  })
} else {
  describe('recorded answers over HTTP', () => {
    test.each<[string, string[], number]>([
      [managed, [managed, found], 87],
      [found, [found], 0],
      ['11-profile-feed-hcard-full.sample.xml', ['11-profile-feed-hcard-full.sample.xml'], 0],
      ['12-profile-feed-vcard-lite.sample.xml', ['12-profile-feed-vcard-lite.sample.xml'], 0],
    ])('equal the feed %s', async (name, files, others) => {
      const feed = bodyOf(name)
      const answer = await ask(links(feed)['self'] as string, files, others)
      expect(answer.status).toBe(200)
      expect(answer.headers['content-type']).toBe('application/atom+xml;charset=UTF-8')
      expect(meaning(tidy(asCompared(parse(answer.text))))).toEqual(meaning(expected(asCompared(feed))))
    })

    test('equal the entry 09', async () => {
      const name = '09-profile-entry-vcard-full-200.http'
      const entry = bodyOf(name)
      const self = new URL(links(entry)['self'] as string)
      self.search = '?format=full&output=vcard&userid=23176546'
      const answer = await ask(self.href, [name])
      expect(answer.status).toBe(200)
      expect(answer.headers['content-type']).toBe('application/atom+xml;charset=UTF-8')
      expect(meaning(tidy(parse(answer.text)))).toEqual(meaning(expected(entry)))
    })

    test('equal the entry 10 of an unknown person, byte for byte', async () => {
      const recorded = Buffer.from(recording('10-profile-entry-unknown-user-200.http') as Uint8Array).toString()
      const path = '/profiles/atom/profileEntry.do?format=full&output=vcard&userid=wrong%20user%20id'
      const answer = await ask(`https://apps.example${path}`, [found])
      expect(answer.status).toBe(200)
      expect(answer.headers['content-type']).toBe('application/atom+xml;charset=UTF-8')
      expect(answer.headers['content-length']).toBe('38')
      expect(answer.text).toBe(recorded.slice(recorded.indexOf('<?xml')).trimEnd())
    })
  })
}
