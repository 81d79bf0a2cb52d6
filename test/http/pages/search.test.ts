import { page } from '../../support/html.js'
import { as, servedCast } from '../../support/served-cast.js'

/** People whom a browser searches for. */

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
])('%s, who looks for %s, finds: %s', async (name, words, said) => {
  const { status, text } = await search(words, name)
  expect(status).toBe(200)
  const { texts } = page(text)
  expect(texts('h1')).toEqual([`People: ${words}`])
  expect(texts('.person .name')).toEqual(['Greta &copy; <Groß>'])
  expect(texts('.person summary, .person > .note')).toEqual([said])
})

test('nobody is asked to invite without having signed in', async () => {
  const { text } = await search('Greta')
  expect(page(text).texts('main form')).toEqual([])
})

test('what was searched for stands in the field again, as it was', async () => {
  const { attributes, texts } = page((await search('"><script>x', 'ann')).text)
  expect(attributes('[type=search]', 'value')).toEqual(['"><script>x'])
  expect(texts('script')).toEqual([''])
  expect(texts('main p')).toEqual(['No one found. Try the beginning of a first or last name, or a user ID.'])
})
