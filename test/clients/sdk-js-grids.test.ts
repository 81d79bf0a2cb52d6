import { textAt, select } from '../support/select.js'
import { as, servedCast } from '../support/served-cast.js'
import { countsOf, entriesOf, profileOf } from '../support/toolkit.js'
import { parse } from '../support/xml.js'

/** The grids of the Social Business Toolkit for JavaScript (docs/wire.md, What each client needs). */

const cast = servedCast()
const get = async (address: string) => {
  const { status, text } = await cast.send(`/profiles/atom/${address}`, { as: as('ann') })
  expect(status).toBe(200)
  return parse(text)
}

describe('the grid of colleagues', () => {
  const grid = (person: string, page: number, ps: number) =>
    get(
      `connections.do?connectionType=colleague&outputType=profile&format=full&${person}` +
        `&page=${page}&ps=${ps}&sortBy=3&sortOrder=desc&dojo.preventCache=1790000000000`,
    )

  test.each(['userid=ann', 'email=ann%40example.com'])('shows the newest first: %s', async (person) => {
    const feed = await grid(person, 1, 10)
    expect(countsOf(feed)).toEqual(['8', '1', '10'])
    const profiles = entriesOf(feed).map(profileOf)
    expect(profiles.map(({ userid }) => userid)).toEqual('kit haru greta max eleni chen farid bo'.split(' '))
    expect(profiles[7]).toMatchObject({
      title: 'Инженер',
      locality: 'Malmö',
      country: 'Sweden',
      street: '',
      region: '',
    })
  })

  test('shows its second page', async () => {
    const feed = await grid('userid=ann', 2, 5)
    expect(countsOf(feed)).toEqual(['8', '6', '5'])
    expect(entriesOf(feed).map((entry) => profileOf(entry).userid)).toEqual(['chen', 'farid', 'bo'])
  })
})

test('the grid of colleagues in common does not name the type of connection', async () => {
  const feed = await get('connectionsInCommon.do?userid=ann,bo&outputType=profile&format=full')
  expect(countsOf(feed)).toEqual(['2', '1', '10'])
  const [eleni] = entriesOf(feed).map(profileOf)
  expect(eleni).toMatchObject({ userid: 'eleni', street2: '2ος όροφος' })
})

test.each([
  ['sourceEmail=ann%40example.com&targetEmail=Max.M%C3%BCller%40example.org', 'a:email', 'Max.Müller@example.org'],
  ['sourceUserid=ann&targetUserid=max', 'snx:userid', 'max'],
])('the search for %s returns the searched name unchanged', async (people, element, asked) => {
  const entry = await get(`connection.do?connectionType=colleague&${people}`)
  const found = select(entry, '/a:entry/snx:connection/a:contributor').map((each) => textAt(each, `./${element}`))
  expect(found).toContain(asked)
})
