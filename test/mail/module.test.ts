import { randomBytes } from 'node:crypto'
import { sql } from 'kysely'
import type { Connection } from '../../src/index.js'
import { keysOf } from '../../src/sharing/grant.js'
import { freshDatabase, type TestDatabase } from '../support/database.js'
import { type MailServer, startMailServer } from '../support/mail-server.js'
import { made, openModule, type Person } from '../support/module.js'
import { mailServices, sendAll } from './services.js'

/** E-mails about connections that programs make (docs/module.md, Notifications). */

let database: TestDatabase
let module: Awaited<ReturnType<typeof openModule>>
let server: MailServer
let ann: Person
let admin: Person
let document: string
const logged: Record<string, unknown>[] = []

beforeAll(async () => {
  database = await freshDatabase()
  server = await startMailServer()
  module = await openModule(database, { title: 'title' })
  const { db } = database
  const documents = module.world.types.find('document')
  const load = async (ids: readonly string[]) => (await documents?.load(ids)) ?? []
  const properties = { title: 'public', body: 'read' } as const
  const definition = { load, properties, acl: [{ type: 'account', target: 'signed-in', allow: 'share' }] } as const
  module.defineObject({ ...definition, name: 'quiet', plural: 'quiets', sendNotifications: false, title: 'title' })
  module.defineObject({ ...definition, name: 'plain', plural: 'plains' })
  module.defineObject({ ...definition, name: 'closed', plural: 'closeds', title: 'body' })
  await module.defineApp('shop', 'https://shop.example/me/')
  ann = await module.person('ann')
  admin = await module.person('admin')
  await db.updateTable('account').set({ name: 'Ann Lee' }).where('id', '=', ann.id).execute()
  await db
    .updateTable('account')
    .set({ name: 'The Office', roles: ['admin'] })
    .where('id', '=', admin.id)
    .execute()
  document = module.addDocument(ann.id)
})
afterAll(async () => {
  await server.close()
  await database.close()
})
beforeEach(() => {
  server.received.splice(0)
  logged.splice(0)
})

let people = 0
/** A new person. */
const stranger = () => module.person(`stranger${++people}`)
const address = () => `somebody${++people}@example.com`

/** Sends queued e-mails, and resets the limit of an hour. */
async function send() {
  await sendAll(mailServices({ db: database.db, tokenKeys: module.world.tokenKeys }, server.url, logged))
  await sql`update outbox set created_at = created_at - interval '1 hour'`.execute(database.db)
  return server.received.splice(0)
}

/** The only e-mail sent, as plain text. */
async function onlyEmail() {
  const [only, ...others] = await send()
  expect(others).toEqual([])
  const { subject, text = '', html = '' } = only?.mail ?? {}
  return { to: only?.to, subject, text: `${text.trimEnd()}\n`, html }
}

const tokenOf = async ({ _id }: Connection) =>
  (await admin.calls.read(_id, { skipAcl: true, includeToken: true })).token as string

const ofAccount = 'You received this automatic e-mail because you have an account with Connections.'
const ofAddress = 'You received this automatic e-mail because someone invited you at this address.'
const textOf = (...parts: string[]) => `${parts.join('\n\n')}\n`
const forced = { skipAcl: true, forceAuto: true }

describe('the text of an e-mail', () => {
  test('an invitation of an account has the title and the token', async () => {
    const bo = await stranger()
    const connection = made(await ann.calls.create('documents', document, { _id: bo.id, access: 4 }))
    const url = `https://connections.example/v2/connections/${await tokenOf(connection)}`
    const { html, ...plain } = await onlyEmail()
    expect(plain).toEqual({
      to: [bo.email],
      subject: 'Ann Lee invites you to “Plan”',
      text: textOf(
        `Hello ${bo.email.replace('@example.com', '')},`,
        'Ann Lee invites you to “Plan”.',
        `View invitation:\n${url}`,
        `-- \n${ofAccount}`,
      ),
    })
    expect(html).toContain(`href="${url}"`)
    expect(await bo.calls.apply(url.slice(-32))).toMatchObject({ _id: connection._id, state: 1 })
  })

  test('an invitation of an address greets with the inviter’s name for the person', async () => {
    const email = address()
    const name = { first: 'Bo', last: 'De\u202Evil <b>' }
    const connection = made(await ann.calls.create('documents', document, { email: email.toUpperCase(), name }))
    const { html, ...plain } = await onlyEmail()
    expect(plain).toEqual({
      to: [email],
      subject: 'Ann Lee invites you to “Plan”',
      text: textOf(
        'Hello Bo De vil <b>,',
        'Ann Lee invites you to “Plan”.',
        `View invitation:\nhttps://connections.example/v2/connections/${await tokenOf(connection)}`,
        `-- \n${ofAddress}`,
      ),
    })
    expect(html).toContain('Hello Bo De vil &lt;b&gt;,')
  })

  test('an address without a name gets the same text with and without an account', async () => {
    const bo = await stranger()
    for (const email of [address(), bo.email]) {
      await ann.calls.create('documents', document, { email })
      const { to, text } = await onlyEmail()
      expect([to, text.split('\n\n')[0], text.split('\n\n').at(-1)]).toEqual([[email], 'Hello,', `-- \n${ofAddress}\n`])
    }
  })

  test.each([
    ['by itself', () => ann],
    ['by somebody else', () => admin],
  ])('an invitation to connect with an account, for an address, %s', async (_who, by) => {
    const connection = made(await by().calls.create('accounts', ann.id, { email: address() }))
    const { subject, text } = await onlyEmail()
    expect(subject).toBe('Ann Lee invites you to connect')
    expect(text).toBe(
      textOf(
        'Hello,',
        'Ann Lee would like to add you as a colleague.',
        `View invitation:\nhttps://connections.example/v2/connections/${await tokenOf(connection)}`,
        `-- \n${ofAddress}`,
      ),
    )
  })

  test('an invitation between two accounts links to the invitations, or to the app’s pages', async () => {
    const list = 'https://connections.example/profiles/atom/connections.do?connectionType=colleague&status=pending'
    for (const connectionAppKey of ['connections', 'shop']) {
      const bo = await stranger()
      const calls = module.connectionsFor({ accountId: ann.id, appKey: connectionAppKey })
      const connection = made(await calls.create('accounts', ann.id, { _id: bo.id }))
      const link =
        connectionAppKey === 'shop'
          ? `View invitation:\nhttps://shop.example/me/connection/${await tokenOf(connection)}`
          : `View your invitations:\n${list}`
      expect((await onlyEmail()).text).toBe(
        textOf(
          `Hello ${bo.email.replace('@example.com', '')},`,
          'Ann Lee would like to add you as a colleague.',
          link,
          `-- \n${ofAccount}`,
        ),
      )
    }
  })

  test('an invitation to the organisation has its name', async () => {
    const org = '01900000-0000-7000-8000-000000000001'
    await admin.calls.create('orgs', org, { email: address(), access: 0 })
    expect((await onlyEmail()).subject).toBe('The Office invites you to “Organisation”')
  })

  test('a connection without an invitation links to its page', async () => {
    const bo = await stranger()
    const target = { _id: bo.id, auto: true }
    const { _id } = made(await ann.calls.create('documents', document, target, forced))
    const { to, subject, text } = await onlyEmail()
    expect([to, subject]).toEqual([[bo.email], 'Ann Lee shared “Plan” with you'])
    expect(text).toBe(
      textOf(
        `Hello ${bo.email.replace('@example.com', '')},`,
        'Ann Lee shared “Plan” with you.',
        `View:\nhttps://connections.example/v2/connections/${_id}`,
        `-- \n${ofAccount}`,
      ),
    )
  })

  test('a new colleague without an invitation gets a link to the profile', async () => {
    const bo = await stranger()
    await admin.calls.create('accounts', ann.id, { _id: bo.id, auto: true }, forced)
    const { to, subject, text } = await onlyEmail()
    expect([to, subject]).toEqual([[bo.email], 'You are connected with Ann Lee'])
    expect(text).toContain(
      '\n\nYou and Ann Lee are now colleagues.\n\n' +
        `View profile:\nhttps://connections.example/profiles/html/profileView.do?key=${ann.id}\n`,
    )
  })

  test('links lead to the app’s own pages', async () => {
    const shop = { connectionAppKey: 'shop' }
    const calls = module.connectionsFor({ accountId: ann.id, appKey: null })
    const connection = made(await calls.create('documents', document, { email: address() }, shop))
    expect((await onlyEmail()).text).toContain(`https://shop.example/me/connection/${await tokenOf(connection)}\n`)
    const target = { _id: (await stranger()).id, auto: true }
    await calls.create('documents', document, target, { ...shop, ...forced })
    expect((await onlyEmail()).text).toContain('\nhttps://shop.example/me/\n')
  })

  test.each([
    ['whose type has no title', 'plains', 4],
    ['whose title the invitation does not let anybody read', 'closeds', 2],
  ])('an object %s is not named', async (_what, objects, access) => {
    const own = module.addDocument(ann.id)
    await ann.calls.create(objects, own, { email: address(), access })
    const offered = await onlyEmail()
    expect(offered.subject).toBe('Ann Lee would like to share something with you')
    expect(offered.text).toContain('\n\nAnn Lee would like to share something with you.\n\n')
    await ann.calls.create(objects, own, { _id: (await stranger()).id, access, auto: true }, forced)
    const given = await onlyEmail()
    expect(given.subject).toBe('Ann Lee shared something with you')
    expect(given.text).toContain('\n\nAnn Lee shared something with you.\n\n')
  })

  test('a private title is named only if the recipient may read it', async () => {
    await ann.calls.create('closeds', document, { email: address(), access: 4 }, { skipAcl: true })
    expect((await onlyEmail()).subject).toBe('Ann Lee would like to share something with you')
    const bo = await stranger()
    await ann.calls.create('closeds', document, { _id: bo.id, access: 4, auto: true }, forced)
    expect((await onlyEmail()).subject).toContain('“We meet.”')
  })

  test('an unverified address gets no token', async () => {
    const bo = await stranger()
    await database.db.updateTable('account').set({ verified: false }).where('id', '=', bo.id).execute()
    const offered = made(await ann.calls.create('documents', document, { _id: bo.id }))
    const { text } = await onlyEmail()
    expect(text).toContain(`View invitation:\nhttps://connections.example/v2/connections/${offered._id}\n`)
    expect(text).not.toContain(await tokenOf(offered))
    const shop = module.connectionsFor({ accountId: admin.id, appKey: 'shop' })
    await shop.create('accounts', admin.id, { _id: bo.id })
    expect((await onlyEmail()).text).toContain('View your invitations:\nhttps://connections.example/profiles/atom/')
  })
})

describe('recipients', () => {
  test('a type can turn off e-mails of connections without an invitation, not of invitations', async () => {
    const [bo, chen] = [await stranger(), await stranger()]
    await ann.calls.create('quiets', document, { _id: bo.id, auto: true }, forced)
    expect(await send()).toEqual([])
    await ann.calls.create('quiets', document, { _id: chen.id })
    expect((await onlyEmail()).to).toEqual([chen.email])
  })

  test.each(['skipNotification', 'skipNotifications'])('%s sends no e-mail', async (option) => {
    const options = { [option]: true }
    await ann.calls.create('documents', document, [{ email: address() }, { _id: (await stranger()).id }], options)
    await ann.calls.create('accounts', ann.id, [{ email: address() }, { _id: (await stranger()).id }], options)
    const target = { _id: (await stranger()).id, auto: true }
    await ann.calls.create('documents', document, target, { ...options, ...forced })
    expect(await database.db.selectFrom('outbox').select('id').where('sent_at', 'is', null).execute()).toEqual([])
  })

  test('an upgrade sends no e-mail', async () => {
    const target = { _id: (await stranger()).id, auto: true }
    await ann.calls.create('documents', document, { ...target, access: 2 }, forced)
    await onlyEmail()
    await sql`update connection set mailed_at = null`.execute(database.db)
    expect(made(await ann.calls.create('documents', document, { ...target, access: 4 }, forced)).access).toBe(4)
    expect(await send()).toEqual([])
  })
})

describe('an outdated e-mail is dropped:', () => {
  const gone = 'the connection has changed'
  const set = (id: string, change: { state: 'inactive' } | { email: null }) =>
    database.db.updateTable('account').set(change).where('id', '=', id).execute()
  const expire = (id: string) =>
    sql`update connection set expires_at = clock_timestamp() - interval '1 second' where id = ${id}`.execute(
      database.db,
    )

  test.each<[string, (offered: Connection, bo: Person) => Promise<unknown>, string]>([
    ['declined', async (offered, bo) => bo.calls.delete(await tokenOf(offered)), gone],
    ['withdrawn', ({ _id }) => ann.calls.delete(_id), gone],
    ['applied', async (offered, bo) => bo.calls.apply(await tokenOf(offered)), gone],
    ['expired', ({ _id }) => expire(_id), gone],
    ['for somebody inactive', (_offered, { id }) => set(id, { state: 'inactive' }), 'the recipient is not active'],
  ])('an invitation that is %s', async (_how, happen, reason) => {
    for (const which of ['_id', 'email'] as const) {
      const bo = await stranger()
      const target = which === '_id' ? { _id: bo.id } : { email: bo.email }
      const offered = made(await ann.calls.create('documents', document, target))
      await happen(offered, bo)
      expect(await send()).toEqual([])
      expect(logged.splice(0)).toMatchObject([{ kind: 'offered', reason, msg: 'e-mail dropped' }])
    }
  })

  test('an invitation of an account without an address', async () => {
    const bo = await stranger()
    await ann.calls.create('documents', document, { _id: bo.id })
    await set(bo.id, { email: null })
    expect(await send()).toEqual([])
    expect(logged).toMatchObject([{ reason: 'the recipient has no e-mail address' }])
  })

  test('an invitation by a disabled account', async () => {
    const bo = await stranger()
    await bo.calls.create('accounts', bo.id, [{ email: address() }, { _id: ann.id }])
    await bo.calls.create('documents', document, { email: address() }, { skipAcl: true })
    await set(bo.id, { state: 'inactive' })
    expect(await send()).toEqual([])
    expect(logged.map(({ reason }) => reason)).toEqual(Array(3).fill('the other person is not active'))
  })

  test('a connection that was removed', async () => {
    const bo = await stranger()
    for (const [objects, id] of [
      ['documents', document],
      ['accounts', ann.id],
    ] as const) {
      const { _id } = made(await ann.calls.create(objects, id, { _id: bo.id, auto: true }, forced))
      await bo.calls.delete(_id)
    }
    expect(await send()).toEqual([])
    expect(logged.map(({ kind, reason }) => [kind, reason])).toEqual(Array(2).fill(['connected', gone]))
  })
})

test('neither the database nor the log has a token, and the log no address and no title', async () => {
  const targets = [{ _id: (await stranger()).id }, { email: address() }]
  const offered = await ann.calls.create('documents', document, targets)
  const shop = module.connectionsFor({ accountId: admin.id, appKey: 'shop' })
  const between = await shop.create('accounts', admin.id, targets)
  const tokens = await Promise.all([...offered, ...between].map((each) => tokenOf(each as Connection)))
  const stored = async () => {
    const { rows } = await sql<{ name: string }>`
      select table_name as name from information_schema.tables where table_schema = current_schema()`.execute(
      database.db,
    )
    const texts = await Promise.all(
      rows.map(({ name }) => sql`select t::text as text from ${sql.table(name)} as t`.execute(database.db)),
    )
    return JSON.stringify(texts.flatMap((each) => each.rows))
  }
  const before = await stored()
  server.refuse = { at: 'data', code: 451 }
  await send()
  server.refuse = undefined
  await sql`update outbox set due_at = clock_timestamp()`.execute(database.db)
  const emails = await send()
  const after = await stored()
  expect(tokens).toHaveLength(4)
  for (const token of tokens) {
    expect(emails.filter(({ mail }) => mail.text?.includes(token))).toHaveLength(1)
    for (const text of [before, after, JSON.stringify(logged)]) expect(text).not.toContain(token)
  }
  expect(logged).toHaveLength(8)
  expect(JSON.stringify(logged)).not.toMatch(/@|Plan|Ann|Office/)
})

test('an e-mail with a token of another secret waits for a server that has the secret', async () => {
  const connection = made(await ann.calls.create('documents', document, { email: address() }))
  const tokenKeys = keysOf([randomBytes(32)])
  await sendAll(mailServices({ db: database.db, tokenKeys }, server.url, logged))
  expect(server.received).toEqual([])
  const error = 'TOKEN_SECRET does not contain the secret of the token'
  expect(logged).toEqual([expect.objectContaining({ msg: 'e-mail postponed', error, attempts: 1 })])
  await sql`update outbox set due_at = clock_timestamp()`.execute(database.db)
  expect((await onlyEmail()).text).toContain(`/v2/connections/${await tokenOf(connection)}\n`)
})
