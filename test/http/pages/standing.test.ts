import { load } from 'cheerio'
import { connectionEntry } from '../../support/entries.js'
import { as, servedCast } from '../../support/served-cast.js'

/** Every page with a person offers the viewer's possible actions, and no others. */

const { send } = servedCast()
const html = { accept: 'text/html' }

beforeAll(async () => {
  const greta = '/profiles/atom/connections.do?connectionType=colleague&userid=greta'
  await send(greta, { method: 'POST', as: as('lou'), body: connectionEntry('pending') })
})

const names = { bo: 'Борис Иванов', jaya: 'जया शर्मा', greta: 'Greta &copy; <Groß>', ann: 'Ann Zoë Lindström-O’Neill' }
const search = '/profiles/atom/search.do?search=*&ps=50'
const elenis = '/profiles/atom/connections.do?connectionType=colleague&userid=eleni'
const shared = '/profiles/atom/connectionsInCommon.do?userid=ann,eleni'
const pageOf = (userId: string) => `/profiles/html/profileView.do?userid=${userId}`

/** The actions for a person on a page: the text of the relation and the buttons. */
async function offered(path: string, viewer: string | undefined, name: string) {
  const { status, text } = await send(path, { headers: html, ...(viewer !== undefined && { as: as(viewer) }) })
  expect(status).toBe(200)
  const $ = load(text)
  const card = $('.person, .profile').filter((_, each) => $(each).find('.p-name').first().text() === name)
  expect(card).toHaveLength(1)
  const said = card.find('> .note:not(:has(time)), > div:has(h1) > .note').map((_, each) => $(each).text())
  const pressed = $('summary, form:not(details form) button', card).map((_, each) => $(each).text())
  return [...said.get(), ...pressed.get()]
}

const waits = ['Waiting for your answer', 'Accept', 'Decline']
const sent = ['You invited this person', 'Withdraw']

test.each([
  [search, undefined, 'bo', []],
  [search, 'ann', 'ann', ['This is you']],
  [search, 'lou', 'bo', ['Invite']],
  [search, 'ann', 'jaya', waits],
  [search, 'lou', 'greta', sent],
  [search, 'ann', 'greta', ['Your colleague']],
  [elenis, undefined, 'bo', []],
  [elenis, 'ann', 'ann', ['This is you']],
  [elenis, 'lou', 'bo', ['Invite']],
  [elenis, 'ann', 'jaya', waits],
  [elenis, 'lou', 'greta', sent],
  [elenis, 'ann', 'greta', ['Your colleague']],
  [shared, undefined, 'bo', []],
  [shared, 'bo', 'bo', ['This is you']],
  [shared, 'lou', 'bo', ['Invite']],
  [shared, 'lou', 'greta', sent],
  [shared, 'ann', 'greta', ['Your colleague']],
  [pageOf('bo'), undefined, 'bo', []],
  [pageOf('ann'), 'ann', 'ann', ['This is you']],
  [pageOf('bo'), 'lou', 'bo', ['Invite']],
  [pageOf('jaya'), 'ann', 'jaya', waits],
  [pageOf('greta'), 'lou', 'greta', sent],
  [pageOf('greta'), 'ann', 'greta', ['Your colleague', 'Remove']],
] as const)('%s, seen by %s, offers for %s: %j', async (path, viewer, whom, expected) => {
  expect(await offered(path, viewer, names[whom])).toEqual(expected)
})

test('an invitation can be answered on any page, with its message', async () => {
  const { text } = await send('/profiles/atom/search.do?search=%D7%93', { headers: html, as: as('ann') })
  const $ = load(text)
  expect($('.person blockquote').text()).toBe('Please accept.\n\n– שלום ]]>')
  const form = $('form[action$="accept.do"]')
  const fields = Object.fromEntries(form.serializeArray().map(({ name, value }) => [name, value]))
  const { status, headers } = await send('/profiles/html/accept.do', {
    method: 'POST',
    as: as('ann'),
    headers: { ...html, 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'same-origin' },
    body: new URLSearchParams(fields).toString(),
  })
  expect([status, headers.location]).toEqual([303, '../atom/search.do?search=%D7%93&done=accepted'])
  expect(await offered(search, 'ann', 'דליה כהן')).toEqual(['Your colleague'])
})
