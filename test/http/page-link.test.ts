import { baseUrl } from '../support/client.js'
import { as, servedCast } from '../support/served-cast.js'
import { all, child, type Element, parse } from '../support/xml.js'

/** The page of a person comes first among the alternate links of an entry. */

const cast = servedCast()

const documents = [
  'connections.do?connectionType=colleague&userid=ann',
  'connections.do?connectionType=colleague&userid=ann&status=pending',
  'connections.do?connectionType=colleague&userid=ann&status=unconfirmed',
  'connections.do?connectionType=colleague&userid=ann&outputType=profile',
  'connections.do?connectionType=colleague&userid=ann&outputType=profile&output=vcard',
  'connection.do?connectionType=colleague&sourceUserid=bo&targetUserid=ann',
  'connectionsInCommon.do?userid=ann,bo',
  'connectionsInCommon.do?userid=ann,bo&outputType=profile',
  'profile.do?userid=ann,bo',
  'profileEntry.do?userid=ann',
  'profileEntry.do?userid=ann&output=vcard&format=full',
  'search.do?search=*',
  'peopleManaged.do?userid=greta',
  'reportingChain.do?userid=bo',
]

test.each(documents)('the first alternate link of each entry is the page of its person: %s', async (path) => {
  const root = parse((await cast.send(`/profiles/atom/${path}`, { as: as('ann') })).text)
  const entries = root.name === 'entry' ? [root] : all(root, 'entry')
  expect(entries).not.toEqual([])
  for (const entry of entries) {
    const [first, ...others] = all(entry, 'link').filter(({ attributes }) => attributes['rel'] === 'alternate')
    const href = `${baseUrl}/profiles/html/profileView.do?key=${await keyOf(userIdOf(entry))}`
    expect(first?.attributes).toEqual({ href, rel: 'alternate', type: 'text/html' })
    expect(others.map(({ attributes }) => attributes['type'])).not.toContain('text/html')
  }
})

/** The user id of the person of an entry: the other person of a connection. */
const userIdOf = (entry: Element): string => {
  const connection = all(entry, 'connection')[0]
  const person = connection ? (all(connection, 'contributor')[1] as Element) : child(entry, 'contributor')
  return child(person, 'userid').text
}

const keyOf = async (userId: string): Promise<string> =>
  (await cast.db().selectFrom('account').select('key').where('user_id', '=', userId).executeTakeFirstOrThrow()).key
