import { v7 as newId } from 'uuid'
import { baseUrl } from '../support/client.js'
import { fixture } from '../support/files.js'
import { as, servedCast } from '../support/served-cast.js'
import { addPerson, connect } from '../support/world.js'
import { all, child, type Element, links, parse } from '../support/xml.js'

/** The load generator of ICDA (docs/wire.md, What each client needs), with entries from Abdera. */

const cast = servedCast()
const sn = 'http://www.ibm.com/xmlns/prod/sn'
const list = (name: string, status: string) =>
  `/profiles/atom/connections.do?connectionType=colleague&inclMessage=true&status=${status}&userid=${name}`

function write(method: string, address: string, name: string, file: string) {
  const headers = { 'content-type': 'application/atom+xml; type=entry', 'transfer-encoding': 'chunked' }
  const body = fixture(`requests/${file}`)
  return cast.send(`/profiles/atom/${address}`, { method, as: as(name), headers, body })
}

const userOf = (person: Element) => child(person, 'userid').text

function read(entry: Element) {
  const id = child(entry, 'id').text
  const ends = child(entry, 'connection').children.map(
    (each) => [each.attributes['snx:rel'] ?? '', userOf(each)] as const,
  )
  return {
    id: id.slice(id.lastIndexOf(':') + 1 + 'entry'.length),
    status: all(entry, 'category').find(({ attributes }) => attributes['scheme'] === `${sn}/status`)?.attributes[
      'term'
    ],
    author: userOf(child(entry, 'author')),
    source: ends.find(([rel]) => rel.endsWith('source'))?.[1],
    target: ends.find(([rel]) => rel.endsWith('target'))?.[1],
    message: child(entry, 'content').text,
  }
}

/** All of a list, along its `next` links. */
async function walk(path: string, name: string): Promise<{ pages: number; found: ReturnType<typeof read>[] }> {
  const { text } = await cast.send(path, { as: as(name) })
  const feed = parse(text)
  const found = all(feed, 'entry').map(read)
  const next = links(feed)['next']
  if (next === undefined) return { pages: 1, found }
  expect(next.startsWith(baseUrl)).toBe(true)
  const rest = await walk(next.slice(baseUrl.length), name)
  return { pages: rest.pages + 1, found: [...found, ...rest.found] }
}

test('the load generator invites by key, finds the invitation, accepts it and removes it', async () => {
  const key = '0e5a766f-e725-419e-abd7-5636981d1bd0'
  const invited = await write('POST', `connections.do?key=${key}&connectionType=colleague`, 'bo', 'icda-invite.xml')
  expect(invited.status).toBe(201)
  const location = String(invited.headers.location)
  const id = location.slice(location.indexOf('=') + 1)

  const { found } = await walk(list('haru', 'pending'), 'haru')
  const both = { id, author: 'bo', source: 'haru', target: 'bo' }
  expect(found).toEqual([{ ...both, status: 'pending', message: 'ICDA invites' }])

  const accepted = await write('PUT', `connection.do?connectionId=${id}`, 'haru', 'icda-accept.xml')
  expect(accepted.status).toBe(200)
  const [newest] = (await walk(list('haru', 'accepted'), 'haru')).found
  expect(newest).toEqual({ ...both, status: 'accepted', message: 'ICDA accepts' })

  const path = `/profiles/atom/connection.do?connectionId=${id}`
  expect((await cast.send(path, { method: 'DELETE', as: as('haru') })).status).toBe(200)
})

test('the load generator walks several pages and meets every colleague once', async () => {
  const bo = '9c2b8c22-de68-4f23-a577-ad39a4396ae6'
  const { id } = await cast.db().selectFrom('account').select('id').where('key', '=', bo).executeTakeFirstOrThrow()
  const others = Array.from({ length: 20 }, (_, at) => `other${at}`)
  for (const name of others) await connect(cast.db(), await addPerson(cast.db(), name), id, 'accepted', { id: newId() })
  const { pages, found } = await walk(list('bo', 'accepted'), 'bo')
  expect(pages).toBe(3)
  expect(found.map(({ target }) => target).sort()).toEqual(['ann', 'chen', 'eleni', ...others].sort())
})
