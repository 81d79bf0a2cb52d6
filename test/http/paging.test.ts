import fc from 'fast-check'
import { sortKey } from '../../src/people/account.js'
import { baseUrl, type Client, startClient } from '../support/client.js'
import { freshDatabase, type TestDatabase } from '../support/database.js'
import { addPerson, connect, disconnect } from '../support/world.js'
import { all, child, type Element, links, parse } from '../support/xml.js'

let database: TestDatabase
let client: Client
let owner: string
const peers = new Map<string, { id: string; name: string }>()

const names = ['Zoë', 'zoe', 'ÅSA', 'asa', 'Ann', 'ann', 'Ωmega', 'Иван', '王', '𝒜lef', 'b', 'B', 'ß', 'ss', 'Éa', 'ea']

beforeAll(async () => {
  database = await freshDatabase()
  // The tests write rows without a new version of their list.
  client = await startClient(database.db, { KEEP_MB: '0' })
  owner = await addPerson(database.db, 'owner')
  for (const [index, name] of [...names, ...names].entries()) {
    peers.set(`p${index}`, { id: await addPerson(database.db, `p${index}`, { name }), name })
  }
})
afterAll(async () => {
  await client.close()
  await database.close()
})
beforeEach(() => clear())

async function clear() {
  for (const table of ['colleague', 'connection', 'network'] as const) await database.db.deleteFrom(table).execute()
}

interface Entry {
  id: string
  name: string
  updated: Date
}

async function fill(updates: readonly number[]): Promise<Entry[]> {
  const people = [...peers.values()]
  const entries: Entry[] = []
  for (const [index, offset] of updates.entries()) {
    const { id: peer, name } = people[index] as { id: string; name: string }
    const updated = new Date(Date.UTC(2026, 1, 1) + offset)
    entries.push({ id: await connect(database.db, owner, peer, 'accepted', { updated }), name, updated })
  }
  return entries
}

async function page(path: string): Promise<{ feed: Element; ids: string[] }> {
  const answer = await client.send(path)
  expect(answer.status).toBe(200)
  const feed = parse(answer.text)
  return { feed, ids: all(feed, 'entry').map((entry) => child(entry, 'id').text.slice(-36)) }
}

const list = (more: string) => `/profiles/atom/connections.do?connectionType=colleague&userid=owner${more}`
const next = (feed: Element, rel: string) => links(feed)[rel]?.replace(baseUrl, '')

/** Follows one relation to its end. Returns the ids page by page. */
async function walk(start: string, rel: 'next' | 'previous', onPage = async () => {}): Promise<string[][]> {
  const pages: string[][] = []
  for (let path: string | undefined = start; path !== undefined;) {
    const { feed, ids } = await page(path)
    pages.push(ids)
    path = next(feed, rel)
    await onPage()
  }
  return pages
}

const bytewise = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b))

function inOrder(entries: readonly Entry[], by: 'displayName' | 'lastMod', order: 'asc' | 'desc'): string[] {
  const sorted = [...entries].sort((a, b) => {
    const first =
      by === 'lastMod' ? a.updated.getTime() - b.updated.getTime() : bytewise(sortKey(a.name), sortKey(b.name))
    return first === 0 ? bytewise(a.id, b.id) : first
  })
  return (order === 'asc' ? sorted : sorted.reverse()).map(({ id }) => id)
}

const sorts = fc.record({
  by: fc.constantFrom('displayName' as const, 'lastMod' as const),
  order: fc.constantFrom('asc' as const, 'desc' as const),
})

test('pages by number, forwards and backwards agree with a model, for every order and size', async () => {
  const offsets = fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 24 })
  await fc.assert(
    fc.asyncProperty(offsets, sorts, fc.integer({ min: 1, max: 9 }), async (updates, { by, order }, size) => {
      await clear()
      const expected = inOrder(await fill(updates), by, order)
      const query = `&sortBy=${by}&sortOrder=${order}&ps=${size}`
      const last = Math.max(1, Math.ceil(expected.length / size))

      const forwards = await walk(list(query), 'next')
      expect(forwards.flat()).toEqual(expected)
      expect(forwards).toHaveLength(last)

      const backwards = await walk(list(`${query}&page=${last}`), 'previous')
      expect(backwards.reverse().flat()).toEqual(expected)

      for (let number = 1; number <= last + 1; number++) {
        const { feed, ids } = await page(list(`${query}&page=${number}`))
        expect(ids).toEqual(expected.slice((number - 1) * size, number * size))
        expect(child(feed, 'totalResults').text).toBe(String(expected.length))
        expect(child(feed, 'startIndex').text).toBe(String((number - 1) * size + 1))
        expect(child(feed, 'itemsPerPage').text).toBe(String(size))
        const { self, ...others } = links(feed)
        expect(self).toContain(`page=${number}`)
        const there = [
          number > 1 && 'first',
          number > 1 && 'previous',
          number < last && 'next',
          number !== last && 'last',
        ]
        expect(Object.keys(others)).toEqual(expected.length > 0 ? there.filter(Boolean) : [])
      }
    }),
    { numRuns: 25 },
  )
})

test('a walk during writes meets every staying entry exactly once', async () => {
  await fc.assert(
    fc.asyncProperty(sorts, fc.constantFrom('next' as const, 'previous' as const), async ({ by, order }, rel) => {
      await clear()
      const entries = await fill(Array.from({ length: 24 }, (_, index) => index % 7))
      const leaving = entries.filter((_, index) => index % 5 === 0)
      const staying = entries.filter((entry) => !leaving.includes(entry)).map(({ id }) => id)
      const arriving = [...peers.values()].slice(24)
      const onPage = async () => {
        const gone = leaving.pop()
        if (gone) await disconnect(database.db, gone.id)
        const come = arriving.pop()
        if (come)
          await connect(database.db, owner, come.id, 'accepted', { updated: new Date(Date.UTC(2026, 1, 1) + 3) })
      }
      const start = list(`&sortBy=${by}&sortOrder=${order}&ps=4${rel === 'previous' ? '&page=6' : ''}`)
      const met = (await walk(start, rel, onPage)).flat()
      expect(new Set(met).size).toBe(met.length)
      expect(met.filter((id) => staying.includes(id)).sort()).toEqual([...staying].sort())
    }),
    { numRuns: 12 },
  )
})

test('the next link keeps all parameters, and ends with pos, page and ps', async () => {
  await fill([1, 2, 3])
  const { feed } = await page(list('&ps=2&lastMod=5&sortBy=displayName'))
  expect(next(feed, 'next')).toMatch(
    /^\/profiles\/atom\/connections\.do\?connectionType=colleague&userid=owner&lastMod=5&sortBy=displayName&pos=[\w-]+&page=2&ps=2$/,
  )
  expect(next(feed, 'last')).toMatch(/&sortBy=displayName&page=2&ps=2$/)
  expect(all(feed, 'link')[0]?.attributes).not.toHaveProperty('type')
})

test('a position with the number of another page is ignored', async () => {
  await fill([1, 2, 3, 4, 5])
  const { feed } = await page(list('&ps=2'))
  const moved = (next(feed, 'next') as string).replace('page=2', 'page=3')
  expect((await page(moved)).ids).toEqual((await page(list('&ps=2&page=3'))).ids)
})

test('the Link field equals the links of the feed', async () => {
  await fill([1, 2, 3, 4, 5])
  const answer = await client.send(list('&ps=2&page=2'), { method: 'HEAD' })
  const { text } = await client.send(list('&ps=2&page=2'))
  const expected = Object.entries(links(parse(text))).map(([rel, href]) => `<${href}>; rel="${rel}"`)
  expect(String(answer.headers['link']).split(', ').sort()).toEqual(expected.sort())
})

test('since selects and counts later entries only, and paging still works', async () => {
  await fc.assert(
    fc.asyncProperty(sorts, fc.integer({ min: -1, max: 7 }), async ({ by, order }, at) => {
      await clear()
      const entries = await fill([0, 1, 2, 3, 4, 5, 6, 1, 2, 3])
      const since = new Date(Date.UTC(2026, 1, 1) + at)
      const expected = inOrder(
        entries.filter(({ updated }) => updated > since),
        by,
        order,
      )
      const start = list(`&sortBy=${by}&sortOrder=${order}&ps=3&since=${since.toISOString()}`)
      expect((await walk(start, 'next')).flat()).toEqual(expected)
      expect(child((await page(start)).feed, 'totalResults').text).toBe(String(expected.length))
    }),
    { numRuns: 12 },
  )
})

test('polling since the newest entry finds each later entry once', async () => {
  await fill([0, 1])
  const { feed } = await page(list(''))
  const newest = child(all(feed, 'entry')[0] as Element, 'updated').text
  expect((await page(list(`&since=${newest}`))).ids).toEqual([])
  const { id: peer } = [...peers.values()][5] as { id: string }
  const late = new Date(new Date(newest).getTime() + 1)
  const id = await connect(database.db, owner, peer, 'accepted', { updated: late })
  expect((await page(list(`&since=${newest}`))).ids).toEqual([id])
})

test('the links work for a request with the maximum number of parameters', async () => {
  await fill([1, 2, 3])
  const many = Array.from({ length: 17 }, (_, index) => `&x${index}=`).join('')
  const { feed } = await page(list(`${many}&ps=1`))
  expect((await page(next(feed, 'next') as string)).ids).toHaveLength(1)
  expect((await client.send(list(`${many}&y=&z=`))).status).toBe(400)
})

test('a walk continues after a deleted entry with an id of any version', async () => {
  const ids = ['1', '2', '3'].map((digit) => `aaaaaaaa-bbbb-0ccc-0ddd-00000000000${digit}`)
  for (const [index, id] of ids.entries()) {
    const { id: peer } = [...peers.values()][index] as { id: string }
    await connect(database.db, owner, peer, 'accepted', { id })
  }
  const { feed, ids: first } = await page(list('&sortBy=lastMod&ps=1'))
  expect(first).toEqual(ids.slice(0, 1))
  await disconnect(database.db, ids[0] as string)
  expect((await page(next(feed, 'next') as string)).ids).toEqual(ids.slice(1, 2))
})
