import { select } from '../support/select.js'
import { as, servedCast } from '../support/served-cast.js'
import { parse } from '../support/xml.js'

/**
 * The sample page of the Social Business Toolkit (docs/wire.md, What each client needs): it shows the addresses of
 * colleagues.
 */

const cast = servedCast()

test('the page shows the addresses of all colleagues', async () => {
  const address = '/profiles/atom/connections.do?connectionType=colleague&email=bo%40example.com'
  const { text } = await cast.send(address, { as: as('bo') })
  const addresses = select(parse(text), '/a:feed/a:entry/snx:connection/a:contributor/a:email').map((each) => each.text)
  expect(addresses.filter((each) => each !== 'bo@example.com')).toEqual([
    'eleni@example.com',
    'chen@example.com',
    'ann@example.com',
  ])
})
