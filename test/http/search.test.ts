import fc from 'fast-check'
import { sql } from 'kysely'
import { sortKey } from '../../src/people/account.js'
import { fillSearchWords } from '../../src/people/search-store.js'
import { importFiles } from '../../src/transfer/import.js'
import { baseUrl, type Client, startClient } from '../support/client.js'
import { freshDatabase, type TestDatabase } from '../support/database.js'
import { addPerson } from '../support/world.js'
import { all, child, links, parse } from '../support/xml.js'
import { jsonLines, temporaryFolder } from '../transfer/files.js'

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
  await addPerson(database.db, 'gone', { name: 'Zoë' })
  await database.db.updateTable('account').set({ state: 'inactive' }).where('user_id', '=', 'gone').execute()
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

describe('a search', () => {
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
    ['uid=nobody', []],
    ['userid=u1&uid=u1', []],
    ['userid=u1&search=bo', []],
    ['userid=u1&name=&email=%20', ['ann LEE']],
  ])('finds people by %s', async (query, expected) => {
    expect(await find(query)).toEqual(expected)
  })

  const inOrder = (all: readonly string[]) =>
    [...all].sort((a, b) => Buffer.compare(Buffer.from(sortKey(a)), Buffer.from(sortKey(b))))

  test('finds all active people by a lone *, ordered by folded name', async () => {
    expect(await find('search=*')).toEqual(inOrder(names))
    expect(await find('search=*&activeUsersOnly=TRUE')).toEqual(inOrder(names))
  })

  test('finds inactive people on request, and marks them', async () => {
    expect(await find('search=*&activeUsersOnly=false')).toEqual(inOrder([...names, 'Zoë']))
    expect(await find('userid=gone')).toEqual([])
    const { text } = await client.send(path('userid=gone&activeUsersOnly=false'))
    expect(text).toContain('<snx:userState>inactive</snx:userState>')
  })

  test('finds a renamed person by the new name only', async () => {
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

describe('every criterion of a search', () => {
  beforeAll(async () => {
    await addPerson(database.db, 'p-17', {
      name: 'Mira Quist',
      email: 'mira.q@example.org',
      login: 'quistm',
      profile: {
        title: 'Senior Chemist',
        departmentTitle: 'Laboratory Two',
        departmentNumber: 'D4711',
        description: 'Distils perfumes, and teaches.',
        tags: ['distillation', 'machine learning'],
        city: 'Århus',
        country: 'Danmark',
        countryCode: 'DK',
        organization: 'Research & Development',
        workPhone: '+45 (86) 12-34-56',
        isManager: true,
        distinguishedName: 'CN=Mira,O=ACME',
      },
    })
    await addPerson(database.db, 'p-18', { name: 'Chemist Smith', profile: { city: 'Oslo', tags: ['machines'] } })
  })

  test.each([
    ['search=quist', ['Mira Quist']],
    ['search=quistm', ['Mira Quist']],
    ['search=p-17', ['Mira Quist']],
    ['search=mira.q%40example.org', ['Mira Quist']],
    ['search=chem', ['Chemist Smith', 'Mira Quist']],
    ['search=laboratory', ['Mira Quist']],
    ['search=d4711', ['Mira Quist']],
    ['search=perfumes', ['Mira Quist']],
    ['search=distillation', ['Mira Quist']],
    ['search=aarhus', []],
    ['search=oslo', []],
    ['search=*erfum', ['Mira Quist']],
    ['search=*erfum*+chemist', ['Mira Quist']],
    ['name=chem', ['Chemist Smith']],
    ['jobTitle=chem', ['Mira Quist']],
    ['jobTitle=chemist+senior', ['Mira Quist']],
    ['profileTags=machine', ['Mira Quist']],
    ['profileTags=machine*', ['Chemist Smith', 'Mira Quist']],
    ['profileTags=machine%20learning,distillation', ['Mira Quist']],
    ['profileTags=distill', []],
    ['city=arhus', ['Mira Quist']],
    ['city=os', ['Chemist Smith']],
    ['country=danmark', ['Mira Quist']],
    ['country=dk', ['Mira Quist']],
    ['organization=development', ['Mira Quist']],
    ['phoneNumber=%2B45+86', ['Mira Quist']],
    ['phoneNumber=12-34', ['Mira Quist']],
    ['phoneNumber=999', []],
    ['isManager=true', ['Mira Quist']],
    ['uid=quistm', ['Mira Quist']],
    ['uid=quistm&city=oslo', []],
    ['distinguishedName=cn%3Dmira,o%3Dacme', ['Mira Quist']],
    ['isManager=1&city=oslo', []],
    ['isManager=False&city=oslo', ['Chemist Smith']],
    ['search=chemist&city=oslo', ['Chemist Smith']],
    ['name=quist&city=oslo', []],
    ['name=quist&lastMod=17&lang=de&forceRefresh=true&timestamp=9&dojo.preventCache=3&_=4', ['Mira Quist']],
  ])('finds people by %s', async (query, expected) => {
    expect(await find(query)).toEqual(expected)
  })

  test('finds a person of an older release after the words are filled', async () => {
    const changed = sql<Date>`updated_at + interval '1 second'`
    await database.db
      .updateTable('account')
      .set({ name: 'Mira Newname', updated_at: changed })
      .where('user_id', '=', 'p-17')
      .execute()
    expect(await find('search=newname')).toEqual([])
    expect(await fillSearchWords(database.db)).toBe(1)
    expect(await find('search=newname')).toEqual(['Mira Newname'])
    expect(await fillSearchWords(database.db)).toBe(0)
  })

  test('does not find a person by a part of a hidden address', async () => {
    const id = await addPerson(database.db, 'p-19', {
      name: 'Vera vera@secret.example',
      login: 'vera@hidden.example',
      profile: { description: 'Write to vera@elsewhere.example', tags: ['vera@tagged.example'] },
    })
    const hiding = await startClient(database.db, { HIDE_EMAIL: 'true' })
    const total = async (send: Client['send'], query: string) =>
      child(parse((await send(path(query))).text), 'totalResults').text
    for (const word of ['secret', 'hidden', 'elsewhere', 'tagged', '*ecre']) {
      expect([word, await total(client.send, `search=${word}`)]).toEqual([word, '1'])
      expect([word, await total(hiding.send, `search=${word}`)]).toEqual([word, '0'])
    }
    expect(await total(hiding.send, 'profileTags=vera@tagged.example'.replace('@', '%40'))).toBe('0')
    expect(await total(hiding.send, 'search=vera')).toBe('1')
    await hiding.close()
    await database.db.deleteFrom('account').where('id', '=', id).execute()
  })

  afterAll(async () => {
    await database.db.deleteFrom('account').where('user_id', 'in', ['p-17', 'p-18']).execute()
  })
})

describe('a refused search', () => {
  test.each([
    ['name=ann&x=1', 'The parameter x is not accepted here.'],
    ['x=1', 'The parameter x is not accepted here.'],
    ['Name=ann', 'The parameter Name is not accepted here.'],
    ['search=ann&department=x', 'The parameter department is not accepted here.'],
    ['search=*nn', 'The parameter search must have at least 3 letters after a leading *.'],
    ['profileTags=*nn', 'The parameter profileTags must have at least 3 letters after a leading *'],
    ['phoneNumber=home', 'The parameter phoneNumber must be the digits of a phone number.'],
    ['isManager=maybe', 'The parameter isManager must be one of true, false'],
    ['search=ann&activeUsersOnly=', 'The parameter activeUsersOnly must be one of true, false'],
  ])('%s: %s', async (query, sentence) => {
    const { status, text } = await client.send(path(query))
    expect(status).toBe(400)
    expect(child(parse(text), 'message').text).toContain(sentence)
  })

  test.each(['', 'ps=5', 'search=', 'search=%20&name=%00&email=&userid=%20'])(
    'has no criterion: "%s"',
    async (query) => {
      const { status, text } = await client.send(path(query))
      expect(status).toBe(400)
      expect(child(parse(text), 'message').text).toContain(
        'Search by one or more of search, name, profileTags, city, country, organization, jobTitle, phoneNumber, userid, key, email, uid, distinguishedName, isManager.',
      )
    },
  )

  test.each([
    'search=a&search=b',
    'search=%ff',
    'search=%ed%a0%80',
    `search=${'a'.repeat(513)}`,
    `search=${Array.from({ length: 65 }, (_, n) => `w${n}`).join('+')}`,
  ])('is malformed or too long: %s', async (query) => {
    expect((await client.send(path(query))).status).toBe(400)
  })

  test('is never a server error', async () => {
    const hostile = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 80 }).map((text) => text.toWellFormed()),
      fc.string({ unit: fc.constantFrom(...`'"&|!:*\\()<>-%_ a\0ß𝒦`), maxLength: 60 }),
      fc.constantFrom('a'.repeat(512), 'ﷺ'.repeat(512), '\\'.repeat(512), "'".repeat(511), `${'a '.repeat(255)}b`),
    )
    await fc.assert(
      fc.asyncProperty(
        hostile,
        fc.constantFrom('search', 'name', 'email', 'userid', 'profileTags', 'city', 'phoneNumber', 'isManager'),
        async (text, name) => {
          const { status } = await client.send(path(`${name}=${encodeURIComponent(text).slice(0, 3900)}`))
          expect([200, 400]).toContain(status)
        },
      ),
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

describe('the feed of a search', () => {
  test('has pages by number', async () => {
    for (let page = 1; page <= 6; page++) {
      const answer = await client.send(path(`page=${page}&search=*&ps=2&_=1`))
      const feed = parse(answer.text)
      expect(['totalResults', 'startIndex', 'itemsPerPage'].map((name) => child(feed, name).text)).toEqual([
        '9',
        String(page * 2 - 1),
        '2',
      ])
      expect(all(feed, 'entry')).toHaveLength([2, 2, 2, 2, 1, 0][page - 1] as number)
      const to = (number: number) => `${baseUrl}${path(`search=*&_=1&page=${number}&ps=2`)}`
      expect(links(feed)).toEqual({
        self: `${baseUrl}${path(`page=${page}&search=*&ps=2&_=1`)}`,
        ...(page > 1 && { first: to(1), previous: to(page - 1) }),
        ...(page < 5 && { next: to(page + 1) }),
        ...(page !== 5 && { last: to(5) }),
      })
      expect(answer.headers['link']).toContain(`<${baseUrl}${path(`page=${page}&search=*&ps=2&_=1`)}>; rel="self"`)
    }
    const far = parse((await client.send(path('search=*&ps=2&page=50'))).text)
    expect(links(far)['previous']).toBe(`${baseUrl}${path('search=*&page=5&ps=2')}`)
    expect(child(far, 'totalResults').text).toBe('9')
  })

  test('has pages of up to 250 entries, and of 10 for an invalid size', async () => {
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

  test('shows profiles in the requested form, each with its own feed as self', async () => {
    const { text } = await client.send(path('userid=u8&output=vcard&format=full'))
    const [entry] = all(parse(text), 'entry')
    expect(entry && links(entry)['self']).toMatch(/\/profiles\/atom\/profile\.do\?key=[0-9a-f-]{36}$/)
    expect(entry && child(entry, 'content').text).toMatch(/^\nBEGIN:VCARD\n[^]*\nX_EMPLOYEE_NUMBER:\n/)
  })

  test('has one id for equivalent criteria', async () => {
    const idOf = async (query: string) => child(parse((await client.send(path(query))).text), 'id').text
    expect(await idOf('search=ann+lee')).toMatch(/^tag:profiles\.ibm\.com,2006:feed:search:[\w-]{22}$/)
    expect(await idOf('search=LEE*+ann&page=2')).toBe(await idOf('search=ann+lee'))
    expect(await idOf('email=U1%40example.com')).toBe(await idOf('email=u1%40example.com'))
    expect(await idOf('userid=ann')).not.toBe(await idOf('search=ann'))
  })

  test('gets a new ETag for a new person, and the date of the newest shown', async () => {
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
