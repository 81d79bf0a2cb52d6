import type { ProfileForm, ProfilePlace } from '../../src/atom/profile-entry.js'
import { atomWriter } from '../../src/atom/writer.js'
import type { Network } from '../../src/connections/model.js'
import { findNetwork, readPage } from '../../src/connections/list-store.js'
import { findAccount } from '../../src/people/store.js'
import { importFiles } from '../../src/transfer/import.js'
import { startClient } from '../support/client.js'
import { freshDatabase } from '../support/database.js'
import { haveRecordings, recording, recordingPath } from '../support/files.js'
import { newestFirst } from '../support/people.js'
import { baseOf, bodyOf, entriesOf, expected, tidy, withoutPageLink } from '../support/recorded.js'
import { child, type Element, links, meaning, parse } from '../support/xml.js'

/**
 * Recorded answers of real servers, imported and written again: the same by meaning, except for the known differences.
 */
const lite: ProfileForm = { output: 'hcard', format: 'lite' }
const recordings: [string, ProfileForm, ProfilePlace][] = [
  ['06-people-managed-paged-hcard-lite-200.http', lite, { self: 'none' }],
  ['07-search-one-profile-200.http', lite, { self: 'feed' }],
  ['09-profile-entry-vcard-full-200.http', { output: 'vcard', format: 'full' }, {}],
  ['11-profile-feed-hcard-full.sample.xml', { output: 'hcard', format: 'full' }, {}],
  ['12-profile-feed-vcard-lite.sample.xml', { output: 'vcard', format: 'lite' }, {}],
]

if (!haveRecordings) {
  test('the comparison is omitted without the recordings of feeds', () => {
    expect(recording('05-connections-feed-empty-200.http')).toBeUndefined()
  })
} else {
  describe('recorded answers', () => {
    test.each(recordings)('equal every entry of %s', async (name, form, place) => {
      const database = await freshDatabase()
      await importFiles(database.db, [recordingPath(name)])
      const entries = entriesOf(bodyOf(name))
      expect(entries).not.toEqual([])
      for (const entry of entries) {
        const writer = atomWriter(baseOf(entry))
        const key = child(entry, 'id').text.trim().slice(-36)
        const account = await findAccount(database.db, { by: 'key', value: key })
        if (!account) throw new Error(`${key} was not brought in`)
        const written = parse(
          place.self === undefined
            ? writer.profiles.document(account, form)
            : asDocument(writer.profiles.entry(account, form, place)),
        )
        expect(meaning(tidy(written))).toEqual(meaning(expected(entry)))
      }
      await database.close()
    })

    test('equal the invitation 02 in the inviter’s list', async () => {
      const name = '02-check-colleague-unconfirmed-200.http'
      const database = await freshDatabase()
      await importFiles(database.db, [recordingPath(name)])
      const entry = bodyOf(name)
      const request = { ...newestFirst, status: 'unconfirmed' as const }
      const network = await findNetwork(database.db, { by: 'email', value: 'fadams@renovations.com' }, request)
      const page = await readPage(database.db, network as Network, request)
      const writer = atomWriter(baseOf(entry))
      const [colleague] = page?.colleagues ?? []
      if (!colleague) throw new Error('the invitation was not brought in')
      const written = writer.connections.document(colleague, false)
      const sentence = '<summary type="text">Frank Adams invited Bill Jordan to connect.</summary>'
      expect(written).toContain(sentence)
      const text = Buffer.from(recording(name) as Uint8Array).toString()
      expect(withoutPageLink(written).replace(sentence, '<summary type="text"></summary>')).toBe(
        text.slice(text.indexOf('<?xml')).trim(),
      )
      await database.close()
    })

    test('equal the empty feed 05 over HTTP', async () => {
      const name = '05-connections-feed-empty-200.http'
      const database = await freshDatabase()
      await importFiles(database.db, [recordingPath(name)])
      const feed = bodyOf(name)
      const self = new URL(links(feed)['self'] as string)
      const client = await startClient(database.db, { BASE_URL: self.origin })
      const answer = await client.send(`${self.pathname}${self.search}`)
      expect(answer.status).toBe(200)
      const written = parse(answer.text)
      const ownWay = ['id', 'updated', 'generator']
      const rest = (element: Element) => element.children.filter((each) => !ownWay.includes(each.name)).map(meaning)
      expect(rest(written)).toEqual(rest(feed))
      expect(written.children.map((each) => each.name)).toEqual(feed.children.map((each) => each.name))
      await client.close()
      await database.close()
    })
  })
}

/** An entry of a feed, with the namespaces of the feed. */
function asDocument(entry: string): string {
  const declarations = 'xmlns="http://www.w3.org/2005/Atom" xmlns:snx="http://www.ibm.com/xmlns/prod/sn"'
  return entry.replace('<entry', `<entry ${declarations}`)
}
