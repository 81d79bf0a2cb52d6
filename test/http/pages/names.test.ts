import { page } from '../../support/html.js'
import { as, servedCast } from '../../support/served-cast.js'

/** Names in any script are isolated, so that the rest of the line keeps its order. */

const { send } = servedCast()
const get = async (path: string) => page((await send(path, { headers: { accept: 'text/html' }, as: as('dalia') })).text)

test.each([
  ['/profiles/html/profileView.do?userid=farid', ['فريد حداد']],
  ['/profiles/html/picture.do?userid=farid', ['فريد حداد']],
  ['/profiles/atom/connections.do?connectionType=colleague&userid=farid', ['فريد حداد']],
  ['/profiles/atom/connectionsInCommon.do?userid=dalia,farid', ['דליה כהן', 'فريد حداد']],
  ['/profiles/atom/search.do?search=%D7%93', ['ד']],
])('%s isolates in its heading %j', async (path, names) => {
  const { texts, attributes } = await get(path)
  expect(texts('h1 bdi')).toEqual(names)
  expect(texts('header nav bdi')).toEqual(['דליה כהן'])
  expect(attributes('html', 'dir')).toEqual(['ltr'])
  // An explicit direction would also align the text to the other side.
  expect(attributes('[dir=auto]:not(input, textarea)', 'class')).toEqual([])
})

test('names, titles, places and messages of a list are isolated', async () => {
  const { texts } = await get('/profiles/atom/connections.do?connectionType=colleague&userid=eleni&sortBy=displayName')
  expect(texts('.p-author bdi')).toEqual(
    expect.arrayContaining(['فريد حداد', 'مدير', 'Sales', 'Борис Иванов', 'Malmö']),
  )
})
