import { page } from '../../support/html.js'
import { as, servedCast } from '../../support/served-cast.js'

/** The forms of the pages. */

const { send } = servedCast()
const html = { accept: 'text/html' }
const form = { ...html, 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'same-origin' }
const post = (path: string, name: string | undefined, fields: Record<string, string>, headers = form) =>
  send(`/profiles/html/${path}.do`, {
    method: 'POST',
    headers,
    body: new URLSearchParams(fields).toString(),
    ...(name && { as: as(name) }),
  })
const list = async (name: string, status: string) => {
  const address = `/profiles/atom/connections.do?connectionType=colleague&status=${status}`
  return page((await send(address, { as: as(name), headers: html })).text)
}
const keyOf = async (name: string) => {
  const { text } = await send(`/profiles/atom/profile.do?userid=${name}`)
  return /profileEntry\.do\?key=([\w-]+)/.exec(text)?.[1] ?? ''
}
const idIn = async (name: string, status: string) =>
  (await list(name, status)).attributes('input[name=connectionId]', 'value')[0] ?? ''

const next = '../html/profileView.do?userid=lou'

test('a person is invited with a message, withdrawn, invited again and accepted, and removed', async () => {
  const key = await keyOf('lou')
  const invited = await post('invite', 'bo', { key, message: 'Hello\r\n<Lou>', next })
  expect([invited.status, invited.headers.location, invited.headers['cache-control']]).toEqual([
    303,
    `${next}&done=invited`,
    'no-store',
  ])
  expect((await list('lou', 'pending')).texts('blockquote')).toEqual(['Hello\n<Lou>'])

  const withdrawn = await post('remove', 'bo', { connectionId: await idIn('bo', 'unconfirmed') })
  expect(withdrawn.headers.location).toBe(
    '../atom/connections.do?connectionType=colleague&status=accepted&sortBy=displayName&ps=30&done=withdrawn',
  )
  expect((await list('lou', 'pending')).texts('blockquote')).toEqual([])

  await post('invite', 'bo', { key, message: 'Again' })
  const accepted = await post('accept', 'lou', { connectionId: await idIn('lou', 'pending'), next })
  expect(accepted.headers.location).toBe(`${next}&done=accepted`)
  const said = await send('/profiles/atom/connections.do?connectionType=colleague&inclMessage=true', { as: as('lou') })
  expect(said.text).toContain('Again')

  const count = (await list('bo', 'accepted')).texts('.h-entry').length
  const removed = await post('remove', 'bo', { connectionId: await idIn('lou', 'accepted'), next })
  expect(removed.headers.location).toBe(`${next}&done=removed`)
  expect((await list('bo', 'accepted')).texts('.h-entry')).toHaveLength(count - 1)
})

test.each([
  'https://evil.example/',
  '//evil.example/',
  '../html/../../../evil.do',
  '../atom/x.do\r\nSet-Cookie: a=b',
  'javascript:alert(1)',
])('a form does not redirect to another site: %j', async (elsewhere) => {
  const { headers } = await post('invite', 'kit', { key: await keyOf('lou'), next: elsewhere })
  expect(headers.location).toMatch(/^\.\.\/atom\/connections\.do\?/)
  const declined = await post('remove', 'lou', { connectionId: await idIn('lou', 'pending'), next })
  expect(declined.headers.location).toBe(`${next}&done=declined`)
})

test.each([
  ['invited', 'Invitation sent.'],
  ['accepted', 'You are now connected.'],
  ['declined', 'Invitation declined.'],
  ['withdrawn', 'Invitation withdrawn.'],
  ['removed', 'You are no longer connected.'],
])('%s: the page says “%s”', async (done, sentence) => {
  const { text } = await send(`/profiles/html/profileView.do?userid=lou&done=${done}`)
  expect(page(text).texts('[role=status]')).toEqual([sentence])
})

test.each([
  ['invite', 'bo', { key: 'bo' }, 400, 'The parameter key must be a UUID.'],
  ['invite', 'bo', {}, 400, 'The parameter key must be a UUID.'],
  ['accept', 'bo', { connectionId: '1' }, 400, 'The parameter connectionId must be a UUID.'],
  ['remove', 'bo', { connectionId: '01900000-0000-7000-8000-0000000000ff' }, 404, 'There is no such connection.'],
])('%s by %s with %j is refused: %d', async (path, name, fields: Record<string, string>, status, sentence) => {
  const answer = await post(path, name, fields)
  expect([answer.status, page(answer.text).texts('main p')[0]]).toEqual([status, sentence])
})

test('a message may have 4,000 characters, and none that a feed cannot show', async () => {
  const key = await keyOf('lou')
  const refused = async (message: string) => page((await post('invite', 'chen', { key, message })).text).texts('main p')
  expect((await refused('é'.repeat(4001)))[0]).toBe('The message may have at most 4000 characters; this one has 4001.')
  expect((await refused('a\u0001'))[0]).toBe(
    'The message has a character that XML forbids, such as a control character.',
  )
  expect((await post('invite', 'chen', { key, message: 'é'.repeat(4000) })).status).toBe(303)
})

test('connections of others can be neither answered nor removed', async () => {
  const connectionId = await idIn('ann', 'accepted')
  expect((await post('accept', 'lou', { connectionId })).status).toBe(403)
  expect((await post('remove', 'lou', { connectionId })).status).toBe(403)
  expect(await idIn('ann', 'accepted')).toBe(connectionId)
})

test('a form needs a sign-in, the content type of a form and our own site', async () => {
  const fields = { key: await keyOf('ann') }
  const nobody = await post('invite', undefined, fields)
  expect([nobody.status, nobody.headers.location]).toEqual([303, '../html/signIn.do'])
  expect((await post('invite', 'lou', fields, { ...form, 'content-type': 'text/plain' })).status).toBe(415)
  expect((await post('invite', 'lou', fields, { ...form, 'sec-fetch-site': 'cross-site' })).status).toBe(403)
  expect((await post('invite', 'lou', fields, { ...form, 'sec-fetch-site': 'same-site' })).status).toBe(403)
  expect((await list('ann', 'pending')).texts('.h-entry')).toHaveLength(2)
})
