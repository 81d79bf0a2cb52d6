import { baseUrl, type Client, type Sending, startClient } from '../support/client.js'
import { freshDatabase, type TestDatabase } from '../support/database.js'
import { connectionEntry } from '../support/entries.js'
import { addPerson, signInSecret } from '../support/world.js'
import { all, child, parse } from '../support/xml.js'

/**
 * Inviting, accepting, rewriting and deleting (docs/wire.md, Invite; Accept; Remove): requests in, exact answers out.
 */

const people = ['ann', 'bo', 'cy']
let database: TestDatabase
let client: Client

beforeAll(async () => {
  database = await freshDatabase()
  for (const name of people) await addPerson(database.db, name, { password: signInSecret })
  const inactive = await addPerson(database.db, 'gone', { password: signInSecret })
  await database.db.updateTable('account').set({ state: 'inactive' }).where('id', '=', inactive).execute()
  client = await startClient(database.db)
})
beforeEach(async () => {
  await database.db.deleteFrom('colleague').execute()
  await database.db.deleteFrom('connection').execute()
  await database.db.updateTable('network').set({ total: 0 }).execute()
})
afterAll(async () => {
  await client.close()
  await database.close()
})

const as = (name: string) => `${name}:colleagues`
const send = (method: string, address: string, name: string | undefined, body?: string, more: Sending = {}) =>
  client.send(`/profiles/atom/${address}`, {
    ...more,
    method,
    ...(name !== undefined && { as: as(name) }),
    ...(body !== undefined && { body }),
  })
const invitation = (message = '') => connectionEntry('pending', message)

/** Invites. Returns the id in the answer: that of the invited person's view. */
async function invite(from: string, to: string, message = ''): Promise<string> {
  const { status, headers } = await send(
    'POST',
    `connections.do?connectionType=colleague&userid=${to}`,
    from,
    invitation(message),
  )
  expect(status).toBe(201)
  return String(headers.location).split('connectionId=')[1] as string
}

async function accepted(from: string, to: string, message = ''): Promise<string> {
  const id = await invite(from, to, message)
  expect((await send('PUT', `connection.do?connectionId=${id}`, to, connectionEntry('accepted', message))).status).toBe(
    200,
  )
  return id
}

/** A person's lists: title, message, inviter and last changer of each entry. */
async function listsOf(name: string): Promise<Record<string, string[]>> {
  const lists: Record<string, string[]> = {}
  for (const status of ['accepted', 'pending', 'unconfirmed']) {
    const { text } = await send(
      'GET',
      `connections.do?connectionType=colleague&inclMessage=true&status=${status}`,
      name,
    )
    const feed = parse(text)
    const shown = all(feed, 'entry').map((entry) =>
      [
        child(entry, 'title').text,
        child(entry, 'content').text,
        child(child(entry, 'author'), 'name').text,
        child(child(entry, 'contributor'), 'name').text,
      ].join('|'),
    )
    expect(child(feed, 'totalResults').text).toBe(String(shown.length))
    if (shown.length > 0) lists[status] = shown
  }
  return lists
}

const idOfOwn = async (name: string, status: string) => {
  const { text } = await send('GET', `connections.do?connectionType=colleague&status=${status}`, name)
  return child(all(parse(text), 'entry')[0] as never, 'id').text.slice(-36)
}

const events = async () =>
  (await database.db.selectFrom('connection_event').select('verb').orderBy('id').execute()).map(({ verb }) => verb)
const letters = async () =>
  (await database.db.selectFrom('outbox').select(['kind', 'payload']).orderBy('id').execute()).map(({ kind }) => kind)

describe('invite', () => {
  test('answers 201 with the address of the invitation, and without a body', async () => {
    const { status, headers, body } = await send(
      'POST',
      'connections.do?connectionType=colleague&userid=bo',
      'ann',
      invitation('Hi'),
    )
    expect(status).toBe(201)
    expect(body).toHaveLength(0)
    expect(headers).toMatchObject({
      'content-length': '0',
      'content-type': 'text/html',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    })
    expect(headers.location).toBe(
      `${baseUrl}/profiles/atom/connection.do?connectionId=${await idOfOwn('bo', 'pending')}`,
    )
    expect(await listsOf('ann')).toEqual({ unconfirmed: ['bo|Hi|ann|ann'] })
    expect(await listsOf('bo')).toEqual({ pending: ['ann|Hi|ann|ann'] })
    expect(await listsOf('cy')).toEqual({})
    expect(await idOfOwn('ann', 'unconfirmed')).not.toBe(await idOfOwn('bo', 'pending'))
  })

  test.each(['userid=bo', 'email=BO%40example.com', 'key=KEY', 'userid=bo&email=cy%40example.com', 'userid=%20bo%20'])(
    'takes %s as the invited person',
    async (name) => {
      const bo = await database.db
        .selectFrom('account')
        .select('key')
        .where('user_id', '=', 'bo')
        .executeTakeFirstOrThrow()
      const { status } = await send('POST', `connections.do?${name.replace('KEY', bo.key)}`, 'ann', invitation())
      expect(status).toBe(201)
      expect(await listsOf('bo')).toEqual({ pending: ['ann||ann|ann'] })
    },
  )

  test.each(['perhaps', 'unconfirmed', ''])('creates a pending invitation despite the status "%s"', async (status) => {
    const answer = await send('POST', 'connections.do?userid=bo', 'ann', connectionEntry(status))
    expect(answer.status).toBe(201)
    expect(await listsOf('bo')).toEqual({ pending: ['ann||ann|ann'] })
  })

  test('answers 200 at connection.do, as clients expect', async () => {
    const { status, headers, body } = await send('POST', 'connection.do?userid=bo', 'ann', invitation())
    expect([status, body.length, headers['content-type']]).toEqual([200, 0, 'text/html'])
    expect(headers.location).toBe(
      `${baseUrl}/profiles/atom/connection.do?connectionId=${await idOfOwn('bo', 'pending')}`,
    )
  })

  test.each<[string, string, string, string | undefined, number, RegExp]>([
    ['the caller', 'ann', 'userid=ann', invitation(), 400, /CLFRN1172E.* cannot be connected with themselves/],
    [
      'an unknown person',
      'ann',
      'userid=zed',
      invitation(),
      400,
      /CLFRN1172E.*One of the two people is unknown or inactive/,
    ],
    [
      'an inactive person',
      'ann',
      'userid=gone',
      invitation(),
      400,
      /CLFRN1172E.*One of the two people is unknown or inactive/,
    ],
    ['a missing person', 'ann', 'connectionType=colleague', invitation(), 400, /Identify the person to invite/],
    [
      'another connection type',
      'ann',
      'connectionType=friend&userid=bo',
      invitation(),
      400,
      /connectionType must be colleague/,
    ],
    ['a missing body', 'ann', 'userid=bo', undefined, 400, /has no body/],
    ['a broken body', 'ann', 'userid=bo', '<entry>', 400, /The XML document is refused/],
    ['the status accepted', 'ann', 'userid=bo', connectionEntry('accepted'), 400, /starts as pending/],
    [
      'two statuses',
      'ann',
      'userid=bo',
      connectionEntry('pending').replace(
        '<content',
        '<category term="x" scheme="http://www.ibm.com/xmlns/prod/sn/status"/><content',
      ),
      400,
      /two different status categories/,
    ],
  ])('refuses %s', async (_name, who, query, body, status, message) => {
    const answer = await send('POST', `connections.do?${query}`, who, body)
    expect(answer.status).toBe(status)
    expect(answer.headers['content-type']).toBe('text/xml;charset=UTF-8')
    expect(child(parse(answer.text), 'message').text).toMatch(message)
    expect(await listsOf('bo')).toEqual({})
  })

  test('is 401 without credentials, for known and unknown people alike', async () => {
    for (const person of ['bo', 'zed']) {
      const answer = await send('POST', `connections.do?userid=${person}`, undefined, invitation())
      expect(answer.status).toBe(401)
      expect(answer.headers['www-authenticate']).toBe('Basic realm="connections", charset="UTF-8"')
    }
  })

  test.each([
    ['with an invitation by the caller', 'ann', 'bo'],
    ['with an invitation to the caller', 'bo', 'ann'],
  ])('refuses a person %s', async (_name, from, to) => {
    await invite('ann', 'bo', 'first')
    const answer = await send('POST', `connections.do?userid=${to}`, from, invitation('second'))
    expect(answer.status).toBe(400)
    expect(answer.text).toBe(
      '<?xml version="1.0" encoding="UTF-8"?><error xmlns="http://www.ibm.com/xmlns/prod/sn"><code></code><message>' +
        'CLFRN1168E: A connection to this user already exists or is pending. Nothing was changed.</message>' +
        '<trace>OMITTED</trace></error>',
    )
    expect(await listsOf('bo')).toEqual({ pending: ['ann|first|ann|ann'] })
  })

  test('refuses a colleague', async () => {
    await accepted('ann', 'bo')
    for (const [from, to] of [
      ['ann', 'bo'],
      ['bo', 'ann'],
    ] as const) {
      const answer = await send('POST', `connections.do?userid=${to}`, from, invitation())
      expect(answer.text).toContain('<code></code><message>CLFRN1168E')
    }
  })
})

describe('accept and rewrite', () => {
  test.each(['the invited person', 'the inviter'])('the invited person accepts by the id of %s', async (whose) => {
    const id = await invite('ann', 'bo', 'Hi')
    const used = whose === 'the invited person' ? id : await idOfOwn('ann', 'unconfirmed')
    const answer = await send('PUT', `connection.do?connectionId=${used}`, 'bo', connectionEntry('accepted', 'Yes'))
    expect([answer.status, answer.body.length, answer.headers['content-type']]).toEqual([200, 0, 'text/html'])
    expect(await listsOf('ann')).toEqual({ accepted: ['bo|Yes|ann|bo'] })
    expect(await listsOf('bo')).toEqual({ accepted: ['ann|Yes|ann|bo'] })
  })

  test('the edit link of an entry, and an id in upper case, work too', async () => {
    const id = (await invite('ann', 'bo')).toUpperCase()
    const address = `connection.do?connectionId=${id}&inclMessage=true`
    expect((await send('PUT', address, 'bo', connectionEntry('accepted'))).status).toBe(200)
  })

  test('an entry without a message clears the message', async () => {
    const id = await invite('ann', 'bo', 'Hi')
    const silent = connectionEntry('accepted').replace(/<content.*<\/content>/, '')
    expect((await send('PUT', `connection.do?connectionId=${id}`, 'bo', silent)).status).toBe(200)
    expect(await listsOf('bo')).toEqual({ accepted: ['ann||ann|bo'] })
  })

  test.each<[string, 'invited' | 'accepted', string, string, number, RegExp | undefined]>([
    ['the inviter accepts', 'invited', 'ann', 'accepted', 403, /CLFRN1174E.*Only the invited person can accept/],
    ['a third person accepts', 'invited', 'cy', 'accepted', 403, /CLFRN1174E.*Only the two people/],
    ['the invited person rewrites', 'invited', 'bo', 'pending', 200, undefined],
    ['the inviter rewrites', 'invited', 'ann', 'pending', 200, undefined],
    [
      'the inviter makes it unconfirmed',
      'invited',
      'ann',
      'unconfirmed',
      400,
      /cannot become unconfirmed.* send pending/,
    ],
    [
      'the invited person makes it unconfirmed',
      'invited',
      'bo',
      'unconfirmed',
      400,
      /cannot become unconfirmed.* send pending/,
    ],
    ['the inviter rewrites', 'accepted', 'ann', 'accepted', 200, undefined],
    ['the invited person rewrites', 'accepted', 'bo', 'accepted', 200, undefined],
    ['a third person rewrites', 'accepted', 'cy', 'accepted', 403, /CLFRN1174E/],
    ['one makes it pending', 'accepted', 'ann', 'pending', 400, /cannot become pending.* send accepted/],
    ['one makes it unconfirmed', 'accepted', 'bo', 'unconfirmed', 400, /cannot become unconfirmed.* send accepted/],
  ])('%s (%s)', async (_name, state, who, status, expected, message) => {
    const id = state === 'invited' ? await invite('ann', 'bo', 'old') : await accepted('ann', 'bo', 'old')
    const answer = await send('PUT', `connection.do?connectionId=${id}`, who, connectionEntry(status, 'new'))
    expect(answer.status).toBe(expected)
    if (message) expect(child(parse(answer.text), 'message').text).toMatch(message)
    const text = expected === 200 ? 'new' : 'old'
    const last = expected === 200 ? who : state === 'invited' ? 'ann' : 'bo'
    expect(await listsOf('ann')).toEqual(
      state === 'invited' ? { unconfirmed: [`bo|${text}|ann|${last}`] } : { accepted: [`bo|${text}|ann|${last}`] },
    )
    expect(await listsOf('bo')).toEqual(
      state === 'invited' ? { pending: [`ann|${text}|ann|${last}`] } : { accepted: [`ann|${text}|ann|${last}`] },
    )
  })

  test('a repeated acceptance changes nothing', async () => {
    const id = await accepted('ann', 'bo', 'Hi')
    const feed = () => send('GET', 'connections.do?connectionType=colleague', 'ann')
    const before = await feed()
    expect(
      (await send('PUT', `connection.do?connectionId=${id}`, 'bo', connectionEntry('accepted', 'Hi'))).status,
    ).toBe(200)
    expect((await feed()).headers.etag).toBe(before.headers.etag)
  })

  test.each<[string, string | undefined, string | undefined, number]>([
    ['connectionId=01900000-0000-7000-8000-000000000001', 'ann', connectionEntry('accepted'), 404],
    ['connectionId=x', 'ann', connectionEntry('accepted'), 400],
    ['', 'ann', connectionEntry('accepted'), 400],
    ['connectionId=01900000-0000-7000-8000-000000000001', undefined, connectionEntry('accepted'), 401],
    ['connectionId=01900000-0000-7000-8000-000000000001', 'ann', '', 400],
    ['connectionId=01900000-0000-7000-8000-000000000001', 'ann', connectionEntry('perhaps'), 400],
    ['connectionId=01900000-0000-7000-8000-000000000001', 'ann', '<entry xmlns="http://www.w3.org/2005/Atom"/>', 400],
  ])('refuses %s by %s', async (query, who, body, status) => {
    expect((await send('PUT', `connection.do?${query}`, who, body)).status).toBe(status)
  })
})

describe('decline, withdraw, remove', () => {
  test.each<['invited' | 'accepted', string, 'own' | 'other', string]>([
    ['invited', 'ann', 'other', 'withdrawn'],
    ['invited', 'ann', 'own', 'withdrawn'],
    ['invited', 'bo', 'own', 'declined'],
    ['invited', 'bo', 'other', 'declined'],
    ['accepted', 'ann', 'own', 'removed'],
    ['accepted', 'bo', 'own', 'removed'],
  ])(
    'DELETE of an %s connection by %s with the %s id removes both views, and allows a new invitation',
    async (state, who, whose, verb) => {
      const id = state === 'invited' ? await invite('ann', 'bo') : await accepted('ann', 'bo')
      const isBos = (who === 'bo') === (whose === 'own')
      const used = isBos ? id : await idOfOwn('ann', state === 'invited' ? 'unconfirmed' : 'accepted')
      const answer = await send('DELETE', `connection.do?connectionId=${used}`, who)
      expect([answer.status, answer.body.length, answer.headers['content-type']]).toEqual([200, 0, 'text/html'])
      expect(await listsOf('ann')).toEqual({})
      expect(await listsOf('bo')).toEqual({})
      expect((await events()).at(-1)).toBe(verb)
      expect((await send('DELETE', `connection.do?connectionId=${used}`, who)).status).toBe(404)
      await invite('bo', 'ann', 'again')
      expect(await listsOf('ann')).toEqual({ pending: ['bo|again|bo|bo'] })
    },
  )

  test.each([
    ['cy', 403],
    [undefined, 401],
  ])('DELETE by %s is refused and changes nothing', async (who, status) => {
    const id = await invite('ann', 'bo')
    expect((await send('DELETE', `connection.do?connectionId=${id}`, who)).status).toBe(status)
    expect(await listsOf('bo')).toEqual({ pending: ['ann||ann|ann'] })
  })
})

describe('effects of a write', () => {
  test('each write adds an event, and an invitation and an acceptance send an e-mail', async () => {
    const [before, sent] = [await events(), await letters()]
    const id = await invite('ann', 'bo')
    await send('PUT', `connection.do?connectionId=${id}`, 'bo', connectionEntry('pending', 'rewritten'))
    await send('PUT', `connection.do?connectionId=${id}`, 'bo', connectionEntry('accepted', 'yes'))
    await send('DELETE', `connection.do?connectionId=${id}`, 'ann')
    await send('POST', 'connections.do?userid=ann', 'ann', invitation())
    expect((await events()).slice(before.length)).toEqual(['invited', 'rewritten', 'accepted', 'removed'])
    expect((await letters()).slice(sent.length)).toEqual(['invited', 'accepted'])
  })

  test('only the changed lists get a new ETag, and an entry has the date of its list', async () => {
    const tags = async () => {
      const answers = ['ann', 'bo'].flatMap((name) =>
        ['accepted', 'pending', 'unconfirmed'].map(async (status) => {
          const { headers, text } = await send('GET', `connections.do?connectionType=colleague&status=${status}`, name)
          const feed = parse(text)
          for (const entry of all(feed, 'entry')) {
            expect(child(entry, 'updated').text).toBe(child(feed, 'updated').text)
          }
          return [`${name} ${status}`, String(headers.etag)] as const
        }),
      )
      return Object.fromEntries(await Promise.all(answers))
    }
    const moved = (before: Record<string, string>, after: Record<string, string>) =>
      Object.keys(before).filter((list) => before[list] !== after[list])
    const start = await tags()
    const id = await invite('ann', 'bo')
    const invited = await tags()
    expect(moved(start, invited)).toEqual(['ann unconfirmed', 'bo pending'])
    await send('PUT', `connection.do?connectionId=${id}`, 'bo', connectionEntry('pending', 'other'))
    const rewritten = await tags()
    expect(moved(invited, rewritten)).toEqual(['ann unconfirmed', 'bo pending'])
    await send('PUT', `connection.do?connectionId=${id}`, 'bo', connectionEntry('accepted'))
    const accepted = await tags()
    expect(moved(rewritten, accepted)).toEqual(['ann accepted', 'ann unconfirmed', 'bo accepted', 'bo pending'])
    await send('DELETE', `connection.do?connectionId=${id}`, 'ann')
    expect(moved(accepted, await tags())).toEqual(['ann accepted', 'bo accepted'])
  })

  test('the date of a write is later than all dates shown before, even if the clock lags', async () => {
    const ahead = new Date(Date.now() + 3_600_000)
    await invite('ann', 'bo')
    await database.db.updateTable('network').set({ changed: ahead }).execute()
    await invite('ann', 'cy')
    const { text } = await send('GET', 'connections.do?connectionType=colleague&status=unconfirmed', 'ann')
    const later = new Date(ahead.getTime() + 1).toISOString()
    expect(child(parse(text), 'updated').text).toBe(later)
    expect(child(all(parse(text), 'entry')[0] as never, 'updated').text).toBe(later)
    await database.db.updateTable('network').set({ changed: new Date() }).execute()
  })

  test('polling since the newest date misses nothing', async () => {
    let since = '2026-01-01T00:00:00Z'
    for (const name of ['bo', 'cy']) {
      await invite('ann', name)
      const { text } = await send(
        'GET',
        `connections.do?connectionType=colleague&status=unconfirmed&since=${encodeURIComponent(since)}`,
        'ann',
      )
      const entries = all(parse(text), 'entry')
      expect(entries.map((entry) => child(entry, 'title').text)).toEqual([name])
      since = child(entries[0] as never, 'updated').text
    }
  })
})

describe('the body', () => {
  test.each(['text/plain', 'application/atom+xml', 'application/x-www-form-urlencoded', 'image/png', undefined])(
    'may have the type %s',
    async (type) => {
      const headers: Record<string, string> = type === undefined ? {} : { 'content-type': type }
      const answer = await send('POST', 'connections.do?userid=bo', 'ann', invitation('Hi'), { headers })
      expect(answer.status).toBe(201)
      expect(await listsOf('bo')).toEqual({ pending: ['ann|Hi|ann|ann'] })
    },
  )

  test('a message keeps all of its 4,000 characters', async () => {
    const message = `  <b>&amp;</b>\r\n\t ]]> "’𝄞👩‍👩‍👧 ${'ü𝒦'.repeat(1900)}`
    const padded = message + 'x'.repeat(4000 - Array.from(message).length)
    await invite('ann', 'bo', padded)
    const { text } = await send('GET', 'connections.do?connectionType=colleague&status=pending&inclMessage=true', 'bo')
    expect(child(all(parse(text), 'entry')[0] as never, 'content').text).toBe(padded)
    const longer = await send('POST', 'connections.do?userid=cy', 'ann', invitation(`${padded}x`))
    expect([longer.status, /at most 4000 characters; this one has 4001/.test(longer.text)]).toEqual([400, true])
  })

  test.each<[string, string | Uint8Array, Record<string, string>, number]>([
    ['too large', `${invitation()}${' '.repeat(64 * 1024)}`, {}, 413],
    ['compressed', invitation(), { 'content-encoding': 'gzip' }, 415],
    ['not UTF-8', Buffer.from(invitation('ü'), 'latin1'), {}, 400],
    ['with a document type', `<!DOCTYPE entry>${invitation().replace(/^.*\?>/, '')}`, {}, 400],
    ['a feed', '<feed xmlns="http://www.w3.org/2005/Atom"/>', {}, 400],
    ['of another kind', invitation().replace('"connection"', '"profile"'), {}, 400],
    ['of another type of connection', invitation().replace('"colleague"', '"friend"'), {}, 400],
  ])('is refused: %s', async (_name, body, headers, status) => {
    const answer = await client.send('/profiles/atom/connections.do?userid=bo', {
      method: 'POST',
      as: as('ann'),
      body,
      headers,
    })
    expect(answer.status).toBe(status)
    expect(answer.headers['content-type']).toBe('text/xml;charset=UTF-8')
  })
})
