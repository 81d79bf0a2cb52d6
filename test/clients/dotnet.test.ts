import { as, servedCast } from '../support/served-cast.js'
import { parse } from '../support/xml.js'

/**
 * IBM.Connections.Net.Api (docs/wire.md, What each client needs): its query comes from an unordered dictionary.
 */

const cast = servedCast()

test('the order of parameters does not matter', async () => {
  const get = async (query: string) => {
    const { status, headers, text } = await cast.send(`/profiles/atom/connections.do?${query}`, { as: as('ann') })
    expect([status, headers['content-type']]).toEqual([200, 'application/atom+xml;charset=UTF-8'])
    return parse(text).children.filter(({ name }) => name !== 'link')
  }
  const pairs = ['connectionType=colleague', 'userid=bo', 'outputType=connection', 'sortBy=displayName', 'ps=2']
  expect(await get(pairs.toReversed().join('&'))).toEqual(await get(pairs.join('&')))
})
