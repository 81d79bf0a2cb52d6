import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { sortKey } from '../../src/accounts/account.js'
import { importFiles } from '../../src/directory/import.js'
import { jsonLines, temporaryFolder } from '../directory/files.js'
import { baseUrl, type Client, startClient } from '../support/client.js'
import { freshDatabase, type TestDatabase } from '../support/database.js'
import { addPerson } from '../support/world.js'
import { all, child, links, parse } from '../support/xml.js'

let database: TestDatabase
let client: Client

const names = [
  'Ann Lee',
  'ann LEE',
  'Änne Li',
  'Bo Lindström',
  'Борис Иванов',
  '陈晓明',
  "Pat O'Neill",
  '100% *',
  'Zoë',
]

beforeAll(async () => {
  database = await freshDatabase()
  client = await startClient(database.db)
  for (const [n, name] of names.entries()) await addPerson(database.db, `u${n}`, { name })
  await database.db.updateTable('account').set({ state: 'inactive' }).where('user_id', '=', 'u8').execute()
})
afterAll(async () => {
  await client.close()
  await database.close()
})

const path = (query: string) => `/profiles/atom/search.do?${query}`
async function find(query: string): Promise<string[]> {
  const { status, text } = await client.send(path(query))
  expect(status).toBe(200)
  const feed = parse(text)
  const found = all(feed, 'entry').map((entry) => child(entry, 'title').text)
  expect(child(feed, 'totalResults').text).toBe(String(found.length))
  return found
}

describe('what is found', () => {
  test.each([
    ['search=ann', ['Ann Lee', 'ann LEE', 'Änne Li']],
    ['search=a*&ps=250', ['Ann Lee', 'ann LEE', 'Änne Li']],
    ['name=A%25', ['Ann Lee', 'ann LEE', 'Änne Li']],
    ['name=lee+ANN', ['Ann Lee', 'ann LEE']],
    ['search=ann&name=lee', ['Ann Lee', 'ann LEE']],
    ['search=ann+bo', []],
    ['search=nn', []],
    ['search=lindstrom', ['Bo Lindström']],
    ['search=%D0%B8%D0%B2', ['Борис Иванов']],
    ['search=%E9%99%88', ['陈晓明']],
    ["search=o'ne", ["Pat O'Neill"]],
    ['search=neill', ["Pat O'Neill"]],
    ['search=100%25', ['100% *']],
    ['search=zoe', ['Zoë']],
    ['userid=u1', ['ann LEE']],
    ['userid=U1', []],
    ['userid=%20u1%20', ['ann LEE']],
    ['email=U1%40EXAMPLE.com%20', ['ann LEE']],
    ['email=u1%40example', []],
    ['email=u1%40example.com&userid=u1&search=l&name=ann', ['ann LEE']],
    ['email=u1%40example.com&userid=u2', []],
    ['userid=u1&search=bo', []],
    ['userid=u1&name=&email=%20', ['ann LEE']],
  ])('%s', async (query, expected) => {
    expect(await find(query)).toEqual(expected)
  })

  test('a star alone is everybody, by folded name, inactive people too', async () => {
    const all = await find('search=*')
    expect(all).toEqual([...names].sort((a, b) => Buffer.compare(Buffer.from(sortKey(a)), Buffer.from(sortKey(b)))))
    expect((await client.send(path('search=zoe'))).text).toContain('<snx:userState>inactive</snx:userState>')
  })

  test('whoever has another name since an import is found by it, and not by the old one', async () => {
    const folder = await temporaryFolder()
    const person = { userId: 'u0', name: 'Xenia Lee', updated: '2026-06-01T00:00:00.000Z' }
    await importFiles(database.db, [await folder.write('people.jsonl', jsonLines({ account: person }))])
    await folder.remove()
    expect(await find('search=xenia')).toEqual(['Xenia Lee'])
    expect(await find('search=ann')).toEqual(['ann LEE', 'Änne Li'])
    const everybody = await find('search=*')
    expect(everybody.indexOf('Xenia Lee')).toBe(everybody.indexOf('Zoë') - 1)
  })
})

describe('what is refused', () => {
  test.each(['', 'ps=5', 'search=', 'search=%20&name=%00&email=&userid=%20'])(
    'nothing asked for: "%s"',
    async (query) => {
      const { status, text } = await client.send(path(query))
      expect(status).toBe(400)
      expect(child(parse(text), 'message').text).toContain('search, name, email, userid')
    },
  )

  test.each([
    'search=a&search=b',
    'search=%ff',
    'search=%ed%a0%80',
    `search=${'a'.repeat(513)}`,
    `search=${Array.from({ length: 65 }, (_, n) => `w${n}`).join('+')}`,
  ])('%s', async (query) => {
    expect((await client.send(path(query))).status).toBe(400)
  })

  test('no text makes the server fail', async () => {
    const hostile = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 80 }).map((text) => text.toWellFormed()),
      fc.string({ unit: fc.constantFrom(...`'"&|!:*\\()<>-%_ a\0ß𝒦`), maxLength: 60 }),
      fc.constantFrom('a'.repeat(512), 'ﷺ'.repeat(512), '\\'.repeat(512), "'".repeat(511), `${'a '.repeat(255)}b`),
    )
    await fc.assert(
      fc.asyncProperty(hostile, fc.constantFrom('search', 'name', 'email', 'userid'), async (text, name) => {
        const { status } = await client.send(path(`${name}=${encodeURIComponent(text).slice(0, 3900)}`))
        expect([200, 400]).toContain(status)
      }),
      {
        numRuns: 150,
        examples: [
          ["':* | 'a", 'search'],
          ['a\\', 'search'],
          ['a\0b', 'email'],
          ['!a & (b', 'name'],
        ],
      },
    )
  })
})

describe('the feed', () => {
  test('pages by number as other lists do', async () => {
    for (let page = 1; page <= 6; page++) {
      const answer = await client.send(path(`page=${page}&search=*&ps=2&x=1`))
      const feed = parse(answer.text)
      expect(['totalResults', 'startIndex', 'itemsPerPage'].map((name) => child(feed, name).text)).toEqual([
        '9',
        String(page * 2 - 1),
        '2',
      ])
      expect(all(feed, 'entry')).toHaveLength([2, 2, 2, 2, 1, 0][page - 1] as number)
      const to = (number: number) => `${baseUrl}${path(`search=*&x=1&page=${number}&ps=2`)}`
      expect(links(feed)).toEqual({
        self: `${baseUrl}${path(`page=${page}&search=*&ps=2&x=1`)}`,
        ...(page > 1 && { first: to(1), previous: to(page - 1) }),
        ...(page < 5 && { next: to(page + 1) }),
        ...(page !== 5 && { last: to(5) }),
      })
      expect(answer.headers['link']).toContain(`<${baseUrl}${path(`page=${page}&search=*&ps=2&x=1`)}>; rel="self"`)
    }
    const far = parse((await client.send(path('search=*&ps=2&page=50'))).text)
    expect(links(far)['previous']).toBe(`${baseUrl}${path('search=*&page=5&ps=2')}`)
    expect(child(far, 'totalResults').text).toBe('9')
  })

  test('takes pages of up to 250, and 10 where it does not understand', async () => {
    const size = async (ps: string) =>
      child(parse((await client.send(path(`search=*&ps=${ps}`))).text), 'itemsPerPage').text
    expect(await Promise.all(['250', '251', '1', '0', 'x', ''].map(size))).toEqual([
      '250',
      '250',
      '1',
      '10',
      '10',
      '10',
    ])
  })

  test('shows profiles in the form asked for, each with the feed of that person as itself', async () => {
    const { text } = await client.send(path('userid=u8&output=vcard&format=full'))
    const [entry] = all(parse(text), 'entry')
    expect(entry && links(entry)['self']).toMatch(/\/profiles\/atom\/profile\.do\?key=[0-9a-f-]{36}$/)
    expect(entry && child(entry, 'content').text).toMatch(/^\nBEGIN:VCARD\n[^]*\nX_EMPLOYEE_NUMBER:\n/)
  })

  test('has the id of what it finds, however that is asked for', async () => {
    const idOf = async (query: string) => child(parse((await client.send(path(query))).text), 'id').text
    expect(await idOf('search=ann+lee')).toMatch(/^tag:profiles\.ibm\.com,2006:feed:search:[\w-]{22}$/)
    expect(await idOf('name=LEE*+ann&page=2')).toBe(await idOf('search=ann+lee'))
    expect(await idOf('email=U1%40example.com')).toBe(await idOf('email=u1%40example.com'))
    expect(await idOf('userid=ann')).not.toBe(await idOf('search=ann'))
  })

  test('is another once somebody comes, and dated by the newest it shows', async () => {
    const feed = () => client.send(path('search=newcomer'))
    const before = await feed()
    expect(child(parse(before.text), 'totalResults').text).toBe('0')
    const updated = new Date('2026-05-06T07:08:09.010Z')
    await addPerson(database.db, 'new', { name: 'Newcomer', updated })
    const after = await feed()
    expect(after.headers['etag']).not.toBe(before.headers['etag'])
    expect(child(parse(after.text), 'updated').text).toBe(updated.toISOString())
  })
})
