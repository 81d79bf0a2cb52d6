import { expect, test } from '@jest/globals'
import { XMLParser } from 'fast-xml-parser'
import { findAccount } from '../../src/accounts/store.js'
import { makeAppPassword } from '../../src/auth/app-passwords.js'
import { servedCast } from '../support/served-cast.js'

/**
 * A chat bot (wire reference, section 9), which reads with xml2js: an element with attributes is an object there. It
 * signs in with a bearer token.
 */

const cast = servedCast()

/** An app password of a person. */
async function tokenOf(userId: string): Promise<string> {
  const account = await findAccount(cast.db(), { by: 'userId', value: userId })
  const wish = { name: 'Bot', scopes: ['read'], expiresAt: null } as const
  return (await makeAppPassword(cast.db(), account?.id as string, wish)).secret
}

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

test('the names of all colleagues', async () => {
  const path = '/profiles/atom/connections.do?connectionType=colleague&status=accepted'
  const { text } = await cast.send(path, { headers: { Authorization: `Bearer ${await tokenOf('bo')}` } })
  const { feed } = xml2js.parse(text) as Read
  expect(feed.entry.map(({ title }) => title[0]._)).toEqual([
    'Ελένη Παπαδοπούλου',
    '陈晓明',
    'Ann Zoë Lindström-O’Neill',
  ])
})
