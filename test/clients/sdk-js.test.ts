import { baseUrl } from '../support/client.js'
import { fixture } from '../support/files.js'
import { attributeAt, textAt } from '../support/select.js'
import { as, servedCast } from '../support/served-cast.js'
import { connectionOf, entriesOf } from '../support/toolkit.js'
import { type Element, parse } from '../support/xml.js'

/** The service of the Social Business Toolkit for JavaScript (docs/wire.md, What each client needs). */

const cast = servedCast()

test.each(['userid=haru', 'email=haru%40example.com'])(
  'an invitation is sent without the type of connection, and read back: %s',
  async (person) => {
    const invited = await cast.send(`/profiles/atom/connections.do?${person}`, {
      method: 'POST',
      as: as('bo'),
      headers: { 'content-type': 'application/atom+xml' },
      body: fixture('requests/sdk-js-invite.xml'),
    })
    expect([invited.status, invited.text]).toEqual([201, ''])
    const id = /connectionId=(.*)$/.exec(String(invited.headers.location))?.[1]

    const check = 'connection.do?sourceEmail=haru%40example.com&targetEmail=bo%40example.com&connectionType=colleague'
    const { text } = await cast.send(`/profiles/atom/${check}&inclMessage=true`, { as: as('haru') })
    expect(connectionOf(parse(text))).toMatchObject({
      id,
      title: 'Борис Иванов',
      content: 'Please accept this invitation',
      summary: 'Борис Иванов invited 山田 はるか to connect.',
    })
    const path = `/profiles/atom/connection.do?connectionId=${id}`
    expect((await cast.send(path, { method: 'DELETE', as: as('bo') })).status).toBe(200)
  },
)

/** The card of a profile, taken apart as the toolkit does: without its first and last line, each cut at its colon. */
function cardOf(entry: Element): Record<string, string> {
  const lines = textAt(entry, "./a:content[@type='text']")?.split('\n').slice(1, -1) ?? []
  const cut = (line: string) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)] as const
  return Object.fromEntries(lines.map(cut))
}

test('the toolkit reads profiles from cards and photos from a link', async () => {
  const address = 'connections.do?connectionType=colleague&outputType=profile&output=vcard&format=full&userid=bo'
  const { text } = await cast.send(`/profiles/atom/${address}`, { as: as('bo') })
  const [eleni] = entriesOf(parse(text)) as [Element]
  const key = '7007beaa-cf59-48d6-a06e-6bdca3e7a6b0'
  expect(attributeAt(eleni, "./a:link[@rel='http://www.ibm.com/xmlns/prod/sn/image']", 'href')).toBe(
    `${baseUrl}/profiles/photo.do?key=${key}&lastMod=${Date.parse('2026-04-01T12:00:00.000Z')}`,
  )
  const card = cardOf(eleni)
  expect(card).toMatchObject({
    FN: 'Ελένη Παπαδοπούλου',
    'EMAIL;INTERNET': 'eleni@example.com',
    'TEL;WORK': '+30 21 0555 0201',
    TITLE: 'Διευθύντρια πωλήσεων',
    ORG: 'Sales',
    X_BUILDING: 'A',
    X_FLOOR: '2',
    X_PROFILE_KEY: key,
    UID: 'eleni',
  })
  expect(card['ADR;WORK']?.split(';').slice(2)).toEqual([
    'Ερμού 5',
    '2ος όροφος',
    'Αθήνα',
    'Αττική',
    '105 63',
    'Greece',
  ])
})
