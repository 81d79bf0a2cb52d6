import { castPassword } from '../../src/transfer/example.js'
import type { Send, Sending } from './client.js'
import { accept, idIn, invite, remove } from './writes.js'

/**
 * A day of a network, through every API: greta and lou, with the example password, connect, read their lists, and
 * disconnect.
 *
 * @param over header fields of every request, such as those of a proxy
 * @returns the answer to anonymous readers of an accepted list, and greta's list
 */
export async function tellStory(
  plain: Send,
  over: Record<string, string> = {},
): Promise<{ anonymous: number; list: string }> {
  const send: Send = (path, options = {}) => plain(path, { ...options, headers: { ...over, ...options.headers } })
  const as = (name: string, more: Sending = {}): Sending => ({ as: `${name}:${castPassword}`, ...more })
  const colleagues = '/profiles/atom/connections.do?connectionType=colleague&inclMessage=true'
  const total = async (status: string, name: string) => {
    const answer = await send(`${colleagues}&status=${status}`, as(name))
    expect(answer.status).toBe(200)
    return Number(/totalResults>(\d+)/.exec(answer.text)?.[1])
  }
  const before = await total('accepted', 'greta')

  const invited = await invite(send, 'greta', 'lou', 'Shall we?')
  expect([invited.status, await total('pending', 'lou')]).toEqual([201, 1])
  expect((await accept(send, 'lou', idIn(invited))).status).toBe(200)
  expect(await total('accepted', 'greta')).toBe(before + 1)

  const list = await send(colleagues, as('greta'))
  const unchanged = await send(colleagues, as('greta', { headers: { 'if-none-match': String(list.headers.etag) } }))
  expect([unchanged.status, unchanged.text]).toEqual([304, ''])
  const page = await send(colleagues, as('greta', { headers: { accept: 'text/html' } }))
  expect([page.status, page.headers['content-type']]).toEqual([200, 'text/html;charset=UTF-8'])

  const json = { 'content-type': 'application/json' }
  const found = await send('/v2/connections?show=target', as('lou', { headers: json }))
  expect([found.status, found.text.includes('"_id"')]).toEqual([200, true])
  const anonymous = await send(`/profiles/atom/connections.do?connectionType=colleague&userid=greta`)
  expect((await remove(send, 'lou', idIn(invited))).status).toBe(200)
  expect(await total('accepted', 'greta')).toBe(before)
  return { anonymous: anonymous.status, list: list.text }
}
