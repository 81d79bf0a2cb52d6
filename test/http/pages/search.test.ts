import { page } from '../../support/html.js'
import { as, servedCast } from '../../support/served-cast.js'

/** The search for people in a browser. */

const { send } = servedCast()
const search = (words: string, name?: string) =>
  send(`/profiles/atom/search.do?search=${encodeURIComponent(words)}`, {
    headers: { accept: 'text/html' },
    ...(name && { as: as(name) }),
  })

test.each([
  ['bo', 'Greta', 'Invite'],
  ['ann', 'Greta', 'Your colleague'],
  ['greta', 'Greta', 'This is you'],
])('%s searches for %s and finds: %s', async (name, words, said) => {
  const { status, text } = await search(words, name)
  expect(status).toBe(200)
  const { texts } = page(text)
  expect(texts('h1')).toEqual([`People: ${words}`])
  expect(texts('.person .name')).toEqual(['Greta &copy; <Groß>'])
  expect(texts('.person summary, .person > .note')).toEqual([said])
})

test('an anonymous user gets no form to invite', async () => {
  const { text } = await search('Greta')
  expect(page(text).texts('main form')).toEqual([])
})

test('the search field keeps its text', async () => {
  const { attributes, texts } = page((await search('"><script>x', 'ann')).text)
  expect(attributes('[type=search]', 'value')).toEqual(['"><script>x'])
  expect(texts('script')).toEqual([''])
  expect(texts('main p')).toEqual(['No one found. Try the beginning of a first or last name, or a user ID.'])
})
