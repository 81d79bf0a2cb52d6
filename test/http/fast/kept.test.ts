import { randomBytes } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { promisify } from 'node:util'
import { brotliDecompressSync, gunzipSync, gzip } from 'node:zlib'
import { sql } from 'kysely'
import { openPages } from '../../../src/http/fast/pages.js'
import type { Page } from '../../../src/http/response/send.js'
import { type Answer, type Client, type Sending, startClient } from '../../support/client.js'
import { freshDatabase, type TestDatabase } from '../../support/database.js'
import { addPerson, connect, signInSecret } from '../../support/world.js'
import { accept, idIn, invite, remove } from '../../support/writes.js'

/** Pages that are kept between requests. */

const list = (more: string) => `/profiles/atom/connections.do?connectionType=colleague${more}`
const ann = 'ann:colleagues'
const bo = 'bo:colleagues'
const [plainText, gzipped, brotli] = [{}, { 'accept-encoding': 'gzip' }, { 'accept-encoding': 'br' }]

describe('a server', () => {
  let database: TestDatabase
  const clients: Client[] = []
  /** After every change, so that `Last-Modified` does not depend on the second of an answer. */
  const later = new Date(Date.now() + 86_400_000)
  const start = async (settings: Record<string, string> = {}) => {
    const client = await startClient(database.db, settings, () => later)
    clients.push(client)
    return client
  }
  let peers = 0
  beforeAll(async () => {
    database = await freshDatabase()
    const [one, other] = [
      await addPerson(database.db, 'ann', { password: signInSecret }),
      await addPerson(database.db, 'bo', { password: signInSecret }),
    ]
    await connect(database.db, one, other, 'accepted', { message: 'A secret of two' })
  })
  afterEach(async () => {
    for (const client of clients.splice(0)) await client.close()
  })
  afterAll(() => database.close())

  /** The answers while no entry can be read. */
  async function withoutEntries(ask: () => Promise<Answer>): Promise<Answer> {
    await sql`alter table colleague rename to hidden`.execute(database.db)
    try {
      return await ask()
    } finally {
      await sql`alter table hidden rename to colleague`.execute(database.db)
    }
  }
  const shownOf = ({ status, headers, body }: Answer) => ({ status, headers: { ...headers, date: '' }, body })

  test.each([
    ['plain', plainText, (body: Buffer) => body],
    ['gzip', gzipped, gunzipSync],
    ['br', brotli, brotliDecompressSync],
  ])('a page that is read twice is in memory (%s)', async (_name, headers, unpack) => {
    const client = await start()
    const ask = () => client.send(list('&userid=ann&inclMessage=true'), { headers, as: ann })
    const first = await ask()
    expect((await withoutEntries(ask)).status).toBe(500)
    const second = await ask()
    const third = await withoutEntries(ask)
    const fourth = await withoutEntries(ask)
    expect(shownOf(second)).toEqual(shownOf(first))
    expect(shownOf(third)).toEqual(shownOf(first))
    expect(shownOf(fourth)).toEqual(shownOf(first))
    expect(unpack(third.body).toString()).toContain('A secret of two')
  })

  test('HEAD and GET share a page', async () => {
    const client = await start()
    const ask = (method: string) => client.send(list('&userid=ann'), { method })
    await ask('HEAD')
    const got = await ask('GET')
    const head = await withoutEntries(() => ask('HEAD'))
    expect(head.body).toHaveLength(0)
    expect({ ...head.headers, date: '' }).toEqual({ ...got.headers, date: '' })
    expect((await withoutEntries(() => ask('GET'))).text).toBe(got.text)
  })

  test('a page in memory answers If-None-Match, and another tag gets the page', async () => {
    const client = await start()
    const ask = (headers: Record<string, string>) => client.send(list('&userid=ann'), { headers })
    const { headers, text } = await ask({})
    await ask({})
    const [same, other] = [
      await withoutEntries(() => ask({ 'if-none-match': String(headers['etag']) })),
      await withoutEntries(() => ask({ 'if-none-match': '"other"' })),
    ]
    expect([same.status, same.text, other.status, other.text]).toEqual([304, '', 200, text])
  })

  test.each([
    ['FAST=off', { FAST: 'off' }],
    ['KEEP_MB=0', { KEEP_MB: '0' }],
  ])('no page is in memory with %s', async (_name, settings: Record<string, string>) => {
    const client = await start(settings)
    const ask = () => client.send(list('&userid=ann'))
    for (let time = 0; time < 3; time++) expect((await ask()).status).toBe(200)
    expect((await withoutEntries(ask)).status).toBe(500)
  })

  test('each write makes the next answer new, also through another server', async () => {
    const [client, writer] = [await start(), await start()]
    const name = `peer${peers++}`
    await addPerson(database.db, name, { password: signInSecret })
    const reads: [string, Sending][] = [
      [list('&userid=ann'), {}],
      [list('&userid=ann&ps=250'), { as: bo }],
      [list('&inclPendingCount=true'), { as: ann }],
      [list('&status=pending&inclMessage=true'), { as: ann }],
      [list('&outputType=profile'), { as: ann, headers: gzipped }],
    ]
    const fresh = await start({ FAST: 'off' })
    const check = async () => {
      const expected = []
      for (const [path, sending] of reads) expected.push(shownOf(await fresh.send(path, sending)))
      for (let time = 0; time < 3; time++) {
        const found = []
        for (const [path, sending] of reads) found.push(shownOf(await client.send(path, sending)))
        expect(found.map(({ body }) => body)).toEqual(expected.map(({ body }) => body))
        expect(found.map(({ headers }) => headers['etag'])).toEqual(expected.map(({ headers }) => headers['etag']))
      }
      return expected.map(({ headers }) => headers['etag'])
    }
    const tags = [await check()]
    const id = idIn(await invite(writer.send, name, 'ann', 'Hello'))
    tags.push(await check())
    const row = await database.db
      .selectFrom('colleague as theirs')
      .innerJoin('colleague as own', 'own.connection_id', 'theirs.connection_id')
      .select('own.id')
      .where('theirs.id', '=', id)
      .whereRef('own.id', '<>', 'theirs.id')
      .executeTakeFirstOrThrow()
    await accept(writer.send, 'ann', row.id)
    tags.push(await check())
    await remove(client.send, name, id)
    tags.push(await check())
    // The accepted list changes with the last two writes, and the pending list with the first two.
    expect(new Set(tags.map(([first]) => first)).size).toBe(3)
    expect(new Set(tags.map((all) => all[3])).size).toBe(3)
  })

  test("an owner's page is never shown to others, with the same address", async () => {
    const client = await start()
    const ask = (sending: Sending) => client.send(list('&userid=ann&inclMessage=true&inclPendingCount=true'), sending)
    const own = []
    for (let time = 0; time < 3; time++) own.push((await ask({ as: ann })).text)
    for (const text of own) expect(text).toContain('A secret of two')
    for (let time = 0; time < 3; time++) {
      for (const sending of [{}, { as: bo }]) {
        const { status, text } = await ask(sending)
        expect(status).toBe(200)
        expect(text).not.toContain('A secret of two')
        expect(text).not.toContain('pendingInvitations')
      }
    }
    expect((await ask({ as: ann })).text).toBe(own[0])
  })

  test('two owners share no page of an address without a person', async () => {
    const client = await start()
    const ask = (as: string) => client.send(list('&status=accepted&inclMessage=true'), { as })
    const texts: Record<string, string>[] = []
    for (let time = 0; time < 3; time++) texts.push({ ann: (await ask(ann)).text, bo: (await ask(bo)).text })
    expect(texts[1]).toEqual(texts[0])
    expect(texts[2]).toEqual(texts[0])
    expect(texts[0]?.['ann']).not.toBe(texts[0]?.['bo'])
  })

  test('a page in memory is refused like any other', async () => {
    const client = await start()
    const ask = (sending: Sending) => client.send(list('&userid=ann&status=pending'), sending)
    for (let time = 0; time < 3; time++) expect((await ask({ as: ann })).status).toBe(200)
    expect((await ask({})).status).toBe(401)
    expect((await ask({ as: bo })).status).toBe(403)
    expect((await ask({ as: 'ann:wrong' })).status).toBe(401)
  })
})

describe('the memory', () => {
  const megabyte = 1024 * 1024
  const page = (body: Uint8Array, encoding?: string): Page => ({
    body,
    written: { fields: {}, changed: undefined },
    fields: encoding === undefined ? {} : { 'Content-Encoding': encoding },
  })
  const keep = (pages: ReturnType<typeof openPages>, name: string, made: Page) => {
    pages.keep(name, made)
    pages.keep(name, made)
  }

  /** Fills the eighth that holds pages ready to send. The packed forms of earlier pages stay. */
  function evictReady(pages: ReturnType<typeof openPages>): void {
    for (let index = 0; index < 15; index++) keep(pages, `${index}`, page(randomBytes(10_000), 'br'))
  }

  /** Waits until a page is packed. */
  async function findPacked(pages: ReturnType<typeof openPages>, name: string): Promise<Uint8Array> {
    for (;;) {
      const found = pages.find(name)
      if (found) return found.body
      await nextTurn()
    }
  }

  test('finds a page after it is kept twice', () => {
    const pages = openPages(megabyte)
    const made = page(Buffer.from('text'), 'gzip')
    pages.keep('name', made)
    expect(pages.find('name')).toBeUndefined()
    pages.keep('name', made)
    expect(Buffer.from(pages.find('name')?.body ?? []).toString()).toBe('text')
    expect(pages.find('other')).toBeUndefined()
  })

  test('keeps no page above 256 KiB', () => {
    const pages = openPages(64 * megabyte)
    keep(pages, 'large', page(randomBytes(256 * 1024 + 1), 'gzip'))
    keep(pages, 'small', page(randomBytes(256 * 1024), 'gzip'))
    expect([pages.find('large'), pages.find('small')?.body.byteLength]).toEqual([undefined, 256 * 1024])
  })

  test('holds at most its size, and the pages that were used last', () => {
    const pages = openPages(megabyte)
    const names = Array.from({ length: 300 }, (_, index) => `page ${index}`)
    for (const name of names) keep(pages, name, page(randomBytes(10_000), 'br'))
    const held = names.filter((name) => pages.find(name))
    expect(held.length * 10_000).toBeLessThanOrEqual(megabyte)
    expect(held.length * 12_000).toBeGreaterThan((megabyte * 3) / 4)
    expect(held).toEqual(names.slice(-held.length))
  })

  test('counts names and small pages too', () => {
    const pages = openPages(megabyte)
    const names = Array.from({ length: 1_000 }, (_, index) => `${index}`.padEnd(4_000, '-'))
    for (const name of names) keep(pages, name, page(Buffer.from('x'), 'br'))
    expect(names.filter((name) => pages.find(name)).length).toBeLessThan(megabyte / 5_000)
  })

  test('holds no larger buffers than it counts', async () => {
    const pages = openPages(megabyte)
    const [text, other] = ['A page of some words. '.repeat(100), randomBytes(1_000)]
    keep(pages, 'plain', page(Buffer.from(text)))
    keep(pages, 'gzip', page(await promisify(gzip)(other), 'gzip'))
    const bodies = [pages.find('plain')?.body, pages.find('gzip')?.body]
    evictReady(pages)
    bodies.push(await findPacked(pages, 'plain'), pages.find('gzip')?.body)
    expect(bodies.map((body) => body?.buffer.byteLength)).toEqual(bodies.map((body) => body?.byteLength))
  })

  test('packs a plain page, and finds it again with the same bytes and fields', async () => {
    const pages = openPages(megabyte)
    const text = 'A page with ä, 王 and 💥. '.repeat(2_000)
    const made = { ...page(Buffer.from(text)), fields: { 'X-Field': 'value' }, changed: new Date(0) }
    keep(pages, 'plain', made)
    expect({ ...pages.find('plain'), body: made.body }).toEqual(made)
    evictReady(pages)
    const body = await findPacked(pages, 'plain')
    expect(Buffer.from(body).toString()).toBe(text)
    expect({ ...pages.find('plain'), body: made.body }).toEqual(made)
  })

  test('holds more plain pages than fit without packing', async () => {
    const pages = openPages(megabyte)
    const body = Buffer.from('The same words again. '.repeat(5_000))
    const names = Array.from({ length: 100 }, (_, index) => `page ${index}`)
    for (const name of names) keep(pages, name, page(body))
    for (const name of names) await findPacked(pages, name)
    expect(names.map((name) => Buffer.compare(pages.find(name)?.body ?? Buffer.of(), body))).toEqual(names.map(() => 0))
  })
})
