import { as, servedCast } from '../support/served-cast.js'
import { countsOf, entriesOf } from '../support/toolkit.js'
import { addPerson, connect } from '../support/world.js'
import { parse } from '../support/xml.js'

/**
 * A synchronisation of graphs (docs/wire.md, What each client needs): as an administrator, it takes a hundred at a
 * time.
 */

const cast = servedCast()

test('a synchronisation reads pages of a hundred', async () => {
  const hub = await addPerson(cast.db(), 'hub')
  for (let at = 0; at < 101; at++) await connect(cast.db(), hub, await addPerson(cast.db(), `spoke${at}`), 'accepted')
  const page = async (number: number) => {
    const path = `/profiles/atom/connections.do?connectionType=colleague&userid=hub&page=${number}&ps=100`
    const { text } = await cast.send(path, { as: as('greta') })
    const feed = parse(text)
    return { counts: countsOf(feed), shown: entriesOf(feed).length }
  }
  expect(await page(1)).toEqual({ counts: ['101', '1', '100'], shown: 100 })
  expect(await page(2)).toEqual({ counts: ['101', '101', '100'], shown: 1 })
})
