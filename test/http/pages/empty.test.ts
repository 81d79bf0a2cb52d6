import { page } from '../../support/html.js'
import { as, servedCast } from '../../support/served-cast.js'
import { addPerson, signInSecret } from '../../support/world.js'

/** Empty pages say so and suggest an action. Nouns agree with their numbers. */

const { send, db } = servedCast()
const html = { accept: 'text/html' }
const list = '/profiles/atom/connections.do?connectionType=colleague'

beforeAll(async () => {
  await addPerson(db(), 'new', { name: 'Nell New', password: signInSecret })
})

const get = async (path: string, name = 'new') => {
  const { status, text } = await send(path, { headers: html, as: as(name) })
  expect(status).toBe(200)
  return page(text)
}

test.each([
  [list, 'You have no colleagues yet. Search for people you work with and invite them.'],
  [`${list}&status=pending`, 'You have no invitations to answer.'],
  [`${list}&status=unconfirmed`, 'None of your invitations is awaiting an answer. Search for people to invite.'],
  [`${list}&userid=lou`, 'Lou has no colleagues yet.'],
  [`${list}&userid=ann&page=9`, 'This page is past the end of the list.'],
  ['/profiles/atom/connectionsInCommon.do?userid=new,lou', 'Nell New and Lou have no colleagues in common.'],
  ['/profiles/atom/search.do?search=nobody', 'No one found. Try the beginning of a first or last name, or a user ID.'],
  ['/profiles/atom/search.do?search=*&page=9', 'This page is past the end of the list.'],
  ['/profiles/html/appPasswords.do', 'You have no app passwords. Create one for each program that reads your feeds.'],
])('%s: %s', async (path, sentence) => {
  const { texts } = await get(path)
  expect([texts('.empty'), texts('main ul')]).toEqual([[sentence], []])
})

test('a person without common colleagues, and an empty network', async () => {
  const { texts } = await get('/profiles/html/profileView.do?userid=lou')
  expect(texts('section .note')).toEqual(['You have no colleagues in common.'])
  const picture = await get('/profiles/html/picture.do?userid=new')
  expect(picture.texts('main > .note')).toEqual(['This network is empty. Show as a list'])
})

test.each([
  ['ann', 'greta', 'Show 2 colleagues as a list'],
  ['ann', 'farid', 'Show 1 colleague as a list'],
])('%s sees for %s: %s', async (viewer, person, sentence) => {
  const { texts } = await get(`/profiles/html/profileView.do?userid=${person}`, viewer)
  expect(texts('section p a')).toEqual([sentence])
})

test.each([
  ['greta', '1 person'],
  ['*', '13 people'],
  ['*&activeUsersOnly=false', '14 people'],
])('a search for %s finds %s', async (words, sentence) => {
  const { texts } = await get(`/profiles/atom/search.do?search=${words}`)
  expect(texts('main > p')).toEqual([sentence])
})
