import fc from 'fast-check'
import { v7 as newId } from 'uuid'
import type { Level } from '../../src/sharing/object-types.js'
import { type Client, startClient } from '../support/client.js'
import { freshDatabase, type TestDatabase } from '../support/database.js'
import { faultOf, made, openModule, type Person } from '../support/module.js'
import { signInSecret } from '../support/world.js'

/** The rights from invitations and links, their holders, and their duration. */

let database: TestDatabase
let module: Awaited<ReturnType<typeof openModule>>
let client: Client
beforeAll(async () => {
  database = await freshDatabase()
  module = await openModule(database)
  client = await startClient(database.db, {}, undefined, undefined, module.world)
})
afterAll(async () => {
  await client.close()
  await database.close()
})

let count = 0
const person = (privileges = {}) => module.person(`p${++count}`, privileges)
const people = () => Promise.all([person(), person(), person()])
const set = (id: string, values: { state?: 'active' | 'inactive'; verified?: boolean }) =>
  database.db.updateTable('account').set(values).where('id', '=', id).execute()
const tokenOf = async ({ calls }: Person, id: string) => (await calls.getToken(id)) as string
const offer = async (by: Person, to: object, context = by.id) => made(await by.calls.create('accounts', context, to))
const badToken = 'invalidArgument.connectionToken'
const unknown = 'x'.repeat(32)

/** The token of an invitation to an address, as in its e-mail. */
const tokenFromLetter = (id: string) =>
  module.runAs(null, { skipAcl: true }, async () => {
    const { token } = await module.connectionsFor({ accountId: admin, skipAcl: true }).read(id, { includeToken: true })
    return token as string
  })
let admin: string
beforeAll(async () => {
  admin = (await person()).id
})

/** Whether a person may share another person's account, and the visible part of it. */
async function having(who: Person, whose: Person): Promise<{ shares: boolean; sees: 'public' | 'connected' | 'read' }> {
  const outsider = await person()
  const [made_] = await who.calls
    .create('accounts', whose.id, { _id: outsider.id }, { skipNotification: true })
    .catch(() => [undefined])
  if (made_ && '_id' in made_) await who.calls.delete(made_._id)
  const probe = await module
    .connectionsFor({ accountId: admin, skipAcl: true })
    .create('accounts', whose.id, { email: `probe${++count}@example.com` }, { skipNotification: true })
  const { context } = await module
    .connectionsFor({ accountId: who.id })
    .read(made(probe)._id, { expand: ['context'], skipAcl: true })
  await module.connectionsFor({ accountId: admin, skipAcl: true }).delete(made(probe)._id)
  return {
    shares: made_ !== undefined && '_id' in made_,
    sees: 'roles' in context ? 'read' : 'email' in context ? 'connected' : 'public',
  }
}

const colleague = { shares: false, sees: 'connected' }
const sharer = { shares: true, sees: 'read' }

describe('between two accounts', () => {
  test('the accepter gets the offer on the inviter’s account, and the inviter gets the level of colleagues', async () => {
    const [kit, lou] = await people()
    const { _id } = await offer(kit, { _id: lou.id, access: 6 })
    await lou.calls.apply(await tokenOf(lou, _id))
    expect(await having(lou, kit)).toEqual(sharer)
    expect(await having(kit, lou)).toEqual(colleague)
    const link = kit.calls.linkTo('accounts', lou.id, 'connected')
    expect(await faultOf(link)).toBe(`accessDenied.shareAccess ${kit.id}`)
  })

  test('an offered role gives the inviter nothing on the accepter’s account', async () => {
    const [kit, lou] = await people()
    const roles = { _id: lou.id, access: 2 as Level, roles: ['admin'] }
    const invitation = made(await kit.calls.create('accounts', kit.id, roles, { skipAcl: true }))
    expect(invitation.roles).toEqual(['admin'])
    await lou.calls.apply(await tokenOf(lou, invitation._id))
    expect(await having(kit, lou)).toEqual(colleague)
    expect(await having(lou, kit)).toEqual(sharer)
  })

  test('the accepter gives the inviter more by a new invitation after a removal', async () => {
    const [kit, lou] = await people()
    const first = await offer(kit, { _id: lou.id })
    await lou.calls.apply(await tokenOf(lou, first._id))
    const again = { _id: kit.id, access: 6 as Level }
    expect(await lou.calls.create('accounts', lou.id, again)).toMatchObject([
      { errCode: 'cortex.conflict.connectionExists' },
    ])
    await lou.calls.delete(first._id)
    const second = await offer(lou, again)
    await kit.calls.apply(await tokenOf(kit, second._id))
    expect([await having(kit, lou), await having(lou, kit)]).toEqual([sharer, colleague])
  })

  test.each([
    ['invited by its owner', true],
    ['invited by the colleague', false],
  ])('a job raises the access to one account only: %s', async (_who, isSame) => {
    const [kit, lou] = await people()
    const [inviter, other] = isSame ? [kit, lou] : [lou, kit]
    const { _id } = await offer(inviter, { _id: other.id })
    await other.calls.apply(await tokenOf(other, _id))
    const job = module.connectionsFor({ accountId: admin, skipAcl: true })
    const raised = await job.create('accounts', kit.id, { _id: lou.id, access: 6 })
    expect(made(raised)._id).toBe(_id)
    expect([await having(lou, kit), await having(kit, lou)]).toEqual([sharer, colleague])
  })

  test.each([
    ['of the shared account', true],
    ['of the target', false],
  ])(
    'connecting at once accepts an invitation %s, and gives the wished level to the target only',
    async (_whose, isSame) => {
      const [kit, lou] = await people()
      const pending = isSame
        ? await offer(kit, { _id: lou.id, access: 4 })
        : await offer(lou, { _id: kit.id, access: 4 })
      const job = module.connectionsFor({ accountId: admin, skipAcl: true })
      const target = { _id: lou.id, access: 6 as Level, auto: true }
      const connected = made(await job.create('accounts', kit.id, target, { forceAuto: true }))
      expect(connected).toMatchObject({ _id: pending._id, state: 1 })
      expect([await having(lou, kit), await having(kit, lou)]).toEqual([sharer, colleague])
    },
  )
})

describe('an invitation by address to a person already', () => {
  /** The relation of the two before, made by either of them. */
  const before = {
    'invited by its creator': (kit: Person, lou: Person) => offer(kit, { _id: lou.id, access: 2 }),
    'inviting its creator': (kit: Person, lou: Person) => offer(lou, { _id: kit.id, access: 6 }),
    'connected by its creator’s invitation': async (kit: Person, lou: Person) => {
      const { _id } = await offer(kit, { _id: lou.id, access: 2 })
      return lou.calls.apply(await tokenOf(lou, _id))
    },
    'connected by an own invitation': async (kit: Person, lou: Person) => {
      const { _id } = await offer(lou, { _id: kit.id, access: 2 })
      return kit.calls.apply(await tokenOf(kit, _id))
    },
  }
  test.each(Object.entries(before))('%s becomes one connection', async (_how, connect) => {
    const [kit, lou] = await people()
    const invitation = await offer(kit, { email: lou.email, access: 6 })
    const { _id } = await connect(kit, lou)
    const applied = await lou.calls.apply(await tokenOf(lou, invitation._id))
    expect(applied).toMatchObject({ _id, state: 1 })
    for (const { calls } of [kit, lou]) expect((await calls.list()).map((each) => each._id)).toEqual([_id])
    expect([await having(lou, kit), await having(kit, lou)]).toEqual([sharer, colleague])
    const accepted = await database.db
      .selectFrom('connection_event')
      .select('detail')
      .where('connection_id', '=', _id)
      .where('verb', '=', 'accepted')
      .orderBy('id', 'desc')
      .execute()
    expect(accepted[0]?.detail).toMatchObject({ invitation: invitation._id })
  })

  test('connected with more keeps that access', async () => {
    const [kit, lou] = await people()
    const invitation = await offer(kit, { email: lou.email, access: 4 })
    const first = await offer(lou, { _id: kit.id, access: 6 })
    await kit.calls.apply(await tokenOf(kit, first._id))
    expect(await lou.calls.apply(await tokenOf(lou, invitation._id))).toMatchObject({ _id: first._id, access: 6 })
    expect([await having(lou, kit), await having(kit, lou)]).toEqual([{ shares: false, sees: 'read' }, sharer])
  })
})

describe('a pending invitation', () => {
  test('shows the visible parts of its context, at least the public ones', async () => {
    const [ann, bo] = await people()
    const document = module.addDocument(ann.id)
    const target = { _id: bo.id, access: 6 as Level, roles: ['editor'] }
    const { _id } = made(await ann.calls.create('documents', document, target, { skipAcl: true }))
    const token = await tokenOf(bo, _id)
    const seen = { _id: document, object: 'document', path: `/documents/${document}`, title: 'Plan' }
    const options = { expand: ['context'], include: ['context.scan'] }
    expect((await bo.calls.read(token, options)).context).toEqual(seen)
    expect((await bo.calls.read(_id, options)).context).toEqual(seen)
    expect((await bo.calls.list({ where: { context: document }, ...options }))[0]?.context).toEqual(seen)
    expect((await ann.calls.read(_id, options)).context).toMatchObject({ body: 'We meet.', notes: 'Not yet.' })
    expect(await faultOf(bo.calls.read(`${token}/context/body`))).toBe('accessDenied.unspecified context.body')
    await bo.calls.apply(token)
    expect((await bo.calls.read(_id, options)).context).toMatchObject({ notes: 'Not yet.', scan: 'PNG' })
  })

  const answer = async (token: string, method: string, as?: string) => {
    const { status, text, headers } = await client.send(`/v2/connections/${token}`, { method, ...(as && { as }) })
    return { status, text, type: headers['content-type'], challenge: headers['www-authenticate'] }
  }

  test('to an account is read by token by that account only; others get the answer of an unknown token', async () => {
    const [ann, bo, chen] = await people()
    for (const { id } of [ann, chen]) await password(id)
    const { _id } = await offer(ann, { _id: bo.id })
    const token = await tokenOf(bo, _id)
    expect(await bo.calls.read(token)).toMatchObject({ _id })
    for (const as of [undefined, ...[ann, chen].map(({ email }) => `${email}:colleagues`)]) {
      for (const method of ['GET', 'DELETE']) {
        const refused = await answer(token, method, as)
        expect(refused.status).toBe(400)
        expect(refused).toEqual(await answer(unknown, method, as))
      }
    }
    for (const { calls } of [ann, chen]) expect(await faultOf(calls.apply(token))).toBe(badToken)
    expect(await bo.calls.read(token)).toMatchObject({ _id, state: 0 })
  })

  test('to an address is read by any holder of its token', async () => {
    const [ann, chen] = await people()
    const { _id } = await offer(ann, { email: 'who@example.com', access: 6 })
    const token = await tokenFromLetter(_id)
    for (const calls of [module.nobody, chen.calls, ann.calls]) {
      expect(await calls.read(token, { expand: ['context'] })).toMatchObject({ _id, access: 6 })
    }
    const { context } = await module.nobody.read(token, { expand: ['context'] })
    expect(Object.keys(context).sort()).toEqual(['_id', 'image', 'name', 'object', 'path'])
    expect(await faultOf(chen.calls.apply(token))).toBe(badToken)
    expect(await module.nobody.delete(token)).toBe(true)
  })
})

async function password(id: string): Promise<void> {
  const credential = { id, account_id: id, kind: 'password' as const, secret: signInSecret }
  const now = new Date()
  await database.db
    .insertInto('credential')
    .values({ ...credential, created_at: now, updated_at: now })
    .execute()
}

/** Gives a person access to a document at once. */
const give = async (document: string, { id }: Person, access: Level) =>
  made(
    await module
      .connectionsFor({ accountId: admin, skipAcl: true })
      .create('documents', document, { _id: id, access, auto: true }, { forceAuto: true, skipNotification: true }),
  )

describe('a link', () => {
  test('works while its creator may share as much, else it answers as an unknown token', async () => {
    const [owner, ann] = await people()
    const document = module.addDocument(owner.id)
    let given = await give(document, ann, 6)
    for (const usesRemaining of [null, 5]) {
      const { token } = await ann.calls.linkTo('documents', document, 'share', { usesRemaining })
      const read = () => faultOf(module.nobody.read(`${token}/context/body`))
      const hidden = () => faultOf(module.nobody.read(`${token}/context/notes`))
      expect([await read(), await hidden()]).toEqual(['none', 'accessDenied.unspecified context.notes'])
      await owner.calls.delete(given._id)
      for (const level of [undefined, 5] as const) {
        const lowered = level && (await give(document, ann, level))
        for (const call of [read, hidden]) expect(await call()).toBe(badToken)
        for (const calls of [module.nobody, owner.calls]) {
          expect(await faultOf(calls.delete(token as string))).toBe(badToken)
          expect(await faultOf(calls.read(token as string, { skipAcl: true }))).toBe(badToken)
        }
        expect(await faultOf(owner.calls.apply(token as string))).toBe(badToken)
        if (lowered) await ann.calls.delete(lowered._id)
      }
      given = await give(document, ann, 6)
      expect(await read()).toBe('none')
    }
  })

  test('does not work while its creator is disabled, even if made with skipAcl', async () => {
    const [owner, ann] = await people()
    const document = module.addDocument(owner.id)
    const own = await owner.calls.linkTo('documents', document, 4)
    const skipped = await ann.calls.linkTo('documents', document, 7, { skipAcl: true, roles: ['editor'] })
    for (const [{ token }, { id }] of [
      [own, owner],
      [skipped, ann],
    ] as const) {
      const read = () => faultOf(module.nobody.read(`${token}/context/body`))
      expect(await read()).toBe('none')
      await set(id, { state: 'inactive' })
      expect(await read()).toBe(badToken)
      await set(id, { state: 'active' })
      expect(await read()).toBe('none')
    }
  })

  test('to an account ends with the connection of its creator', async () => {
    const [kit, lou] = await people()
    const { _id } = await offer(kit, { _id: lou.id, access: 6 })
    await lou.calls.apply(await tokenOf(lou, _id))
    const { token } = await lou.calls.linkTo('accounts', kit.id, 'read')
    expect(await module.nobody.read<string>(`${token}/context/email`)).toBe(kit.email)
    await kit.calls.delete(_id)
    expect(await faultOf(module.nobody.read(`${token}/context/email`))).toBe(badToken)
  })

  test('spends no use while it does not work', async () => {
    const ann = await person()
    const { token } = await ann.calls.linkTo('documents', module.addDocument(ann.id), 4, { usesRemaining: 1 })
    await set(ann.id, { state: 'inactive' })
    expect(await faultOf(module.nobody.read(token as string))).toBe(badToken)
    await set(ann.id, { state: 'active' })
    expect(await module.nobody.read(token as string)).toMatchObject({ usesRemaining: 0 })
  })

  test('without a count is read without a write', async () => {
    const ann = await person()
    const { _id, token } = await ann.calls.linkTo('documents', module.addDocument(ann.id), 4)
    const stored = async () => [
      await database.db.selectFrom('connection').selectAll().where('id', '=', _id).execute(),
      await database.db.selectFrom('connection_event').select('verb').where('connection_id', '=', _id).execute(),
    ]
    const unread = await stored()
    for (const path of ['', '/context/body', '/context/notes']) await faultOf(module.nobody.read(`${token}${path}`))
    expect(await stored()).toEqual(unread)
    expect(unread[1]).toEqual([{ verb: 'linked' }])
  })

  test('shows its token to its creator, and to callers with the same access', async () => {
    const [owner, reader, editor] = await people()
    const document = module.addDocument(owner.id)
    await give(document, reader, 2)
    await give(document, editor, 6)
    const link = await owner.calls.linkTo('documents', document, 'update')
    const special = await owner.calls.linkTo('documents', document, 2, { skipAcl: true, roles: ['editor'] })
    const includes = { include: ['token', 'url'] }
    const sees = async ({ calls }: Person, { _id, token }: { _id: string; token?: string }) => {
      const shown = await calls.read(_id, includes)
      const told = await calls.getToken(_id).catch(() => undefined)
      const [listed] = await calls.list({ where: { _id }, skipAcl: true, paths: ['token'] })
      const known = [shown.token, told, listed?.token, shown.url?.slice(-32)]
      expect(known.every((each) => each === known[0])).toBe(true)
      return known[0] === token
    }
    expect([await sees(owner, link), await sees(editor, link), await sees(reader, link)]).toEqual([true, true, false])
    expect([await sees(owner, special), await sees(editor, special)]).toEqual([true, false])
    expect(await faultOf(reader.calls.getToken(link._id))).toBe('accessDenied.connection')
  })

  test('gives nothing by its id alone', async () => {
    const [owner, reader] = await people()
    const document = module.addDocument(owner.id)
    await give(document, reader, 2)
    const { _id, token } = await owner.calls.linkTo('documents', document, 'update')
    expect((await reader.calls.read(_id, { expand: ['context'] })).context).not.toHaveProperty('body')
    expect((await reader.calls.read(token as string, { expand: ['context'] })).context).toHaveProperty('body')
  })

  test('does not give its creator lost access', async () => {
    const [owner, ann] = await people()
    const document = module.addDocument(owner.id)
    const { _id } = await give(document, ann, 6)
    const link = await ann.calls.linkTo('documents', document, 'share')
    await ann.calls.delete(_id)
    const [listed] = await ann.calls.list({ where: { context: document }, expand: ['context'] })
    expect(listed).toMatchObject({ _id: link._id })
    expect(listed?.context).not.toHaveProperty('body')
  })
})

/** Accepts an invitation by the Atom API. Returns the status of the answer. */
async function acceptByAtom(who: Person, connectionId: string): Promise<number> {
  const { id } = await database.db
    .selectFrom('colleague')
    .select('id')
    .where('connection_id', '=', connectionId)
    .where('owner_id', '=', who.id)
    .executeTakeFirstOrThrow()
  const body = `<entry xmlns="http://www.w3.org/2005/Atom">
    <category scheme="http://www.ibm.com/xmlns/prod/sn/type" term="connection"/>
    <category scheme="http://www.ibm.com/xmlns/prod/sn/status" term="accepted"/></entry>`
  const to = `/profiles/atom/connection.do?connectionId=${id}`
  return (await client.send(to, { method: 'PUT', as: `${who.email}:colleagues`, body })).status
}

describe('an invitation by a creator without share access', () => {
  test.each(['an account', 'an address'])('answers as an unknown token: to %s', async (to) => {
    const [owner, ann, bo] = await people()
    const document = module.addDocument(owner.id)
    const { _id } = await give(document, ann, 6)
    const target = to === 'an account' ? { _id: bo.id, access: 4 as Level } : { email: bo.email, access: 4 as Level }
    const invitation = made(await ann.calls.create('documents', document, target))
    const token = await tokenOf(bo, invitation._id)
    expect(await bo.calls.read(token)).toMatchObject({ _id: invitation._id })
    await ann.calls.delete(_id)
    for (const call of ['read', 'apply', 'delete'] as const) expect(await faultOf(bo.calls[call](token))).toBe(badToken)
    const job = module.connectionsFor({ accountId: admin, skipAcl: true })
    expect(await faultOf(job.apply(token))).toBe(badToken)
    await give(document, ann, 6)
    expect(await bo.calls.apply(token)).toMatchObject({ state: 1, access: 4 })
  })

  test('is not revived by a job that repeats it with less', async () => {
    const [owner, ann, bo] = await people()
    const document = module.addDocument(owner.id)
    const { _id } = await give(document, ann, 7)
    const invite = async (access: Level, options = {}) =>
      made(await ann.calls.create('documents', document, { _id: bo.id, access }, options))
    await invite(6)
    await ann.calls.delete(_id)
    const again = await invite(2, { skipAcl: true })
    expect(again.access).toBe(2)
    expect(await bo.calls.apply(await tokenOf(bo, again._id))).toMatchObject({ access: 2 })
  })

  test('to an account is refused by the Atom API too', async () => {
    const [kit, helper, lou] = await people()
    const { _id } = await offer(kit, { _id: helper.id, access: 6 })
    await helper.calls.apply(await tokenOf(helper, _id))
    const invitation = await offer(helper, { _id: lou.id }, kit.id)
    await password(lou.id)
    const accept = () => acceptByAtom(lou, invitation._id)
    await kit.calls.delete(_id)
    expect([await accept(), await lou.calls.read(invitation._id)]).toMatchObject([403, { state: 0 }])
    const again = await offer(kit, { _id: helper.id, access: 6 })
    await helper.calls.apply(await tokenOf(helper, again._id))
    expect([await accept(), await lou.calls.read(invitation._id)]).toMatchObject([200, { state: 1 }])
  })

  test('is refused by the Atom API while its creator is disabled', async () => {
    const [kit, lou] = await people()
    const { _id } = await offer(kit, { _id: lou.id })
    await password(lou.id)
    await set(kit.id, { state: 'inactive' })
    expect([await acceptByAtom(lou, _id), await lou.calls.read(_id)]).toMatchObject([403, { state: 0 }])
    await set(kit.id, { state: 'active' })
    expect([await acceptByAtom(lou, _id), await lou.calls.read(_id)]).toMatchObject([200, { state: 1 }])
  })

  test('ends with its creator’s access despite an earlier offer by a job', async () => {
    const [owner, ann, bo] = await people()
    const document = module.addDocument(owner.id)
    const invite = async (access: Level, options = {}) =>
      made(await ann.calls.create('documents', document, { _id: bo.id, access }, options))
    const first = await invite(2, { skipAcl: true })
    const { _id } = await give(document, ann, 7)
    expect(await invite(6)).toMatchObject({ _id: first._id, access: 6 })
    const token = await tokenOf(bo, first._id)
    expect(await bo.calls.read(token)).toMatchObject({ access: 6 })
    await ann.calls.delete(_id)
    expect(await faultOf(bo.calls.apply(token))).toBe(badToken)
  })
})

describe('under a granted level', () => {
  test('an invitation or link works while its creator is active', async () => {
    const [owner, ann, bo] = await people()
    const document = module.addDocument(owner.id)
    const [invitation, link] = await module.runAs(ann.id, { grant: 'update' }, async (caller) => {
      const calls = module.connectionsFor(caller)
      const invited = made(await calls.create('documents', document, { _id: bo.id, access: 'share' }))
      return [invited, await calls.linkTo('documents', document, 'read')] as const
    })
    const token = await tokenOf(bo, invitation._id)
    const read = () => faultOf(module.nobody.read(`${link.token}/context/body`))
    await set(ann.id, { state: 'inactive' })
    expect([await faultOf(bo.calls.apply(token)), await read()]).toEqual([badToken, badToken])
    await set(ann.id, { state: 'active' })
    expect(await read()).toBe('none')
    expect(await bo.calls.apply(token)).toMatchObject({ state: 1, access: 5 })
  })

  test('an unneeded privilege does not keep a link alive', async () => {
    const [owner, ann] = await people()
    const document = module.addDocument(owner.id)
    const { _id } = await give(document, ann, 6)
    const { token } = await module.runAs(ann.id, { grant: 'delete' }, (caller) =>
      module.connectionsFor(caller).linkTo('documents', document, 'share'),
    )
    await ann.calls.delete(_id)
    expect(await faultOf(module.nobody.read(token as string))).toBe(badToken)
  })
})

describe('apply with skipAcl', () => {
  const job = () => module.connectionsFor({ accountId: admin, skipAcl: true })

  test('is for the named account', async () => {
    const [ann, bo] = await people()
    const document = module.addDocument(ann.id)
    const { _id } = made(await ann.calls.create('documents', document, { _id: bo.id }))
    const applied = await job().apply(await tokenOf(bo, _id))
    expect(applied).toMatchObject({ _id, state: 1, target: { account: { _id: bo.id } } })
    const between = await offer(ann, { _id: bo.id, access: 6 })
    await job().apply(await tokenOf(bo, between._id))
    expect([await having(bo, ann), await having(ann, bo)]).toEqual([sharer, colleague])
  })

  test('is for the account with the address, in any case', async () => {
    const [ann, bo] = await people()
    const { _id } = await offer(ann, { email: bo.email.toUpperCase() })
    const applied = await job().apply(await tokenFromLetter(_id))
    expect(applied).toMatchObject({ state: 1, target: { account: { _id: bo.id } } })
  })

  test('is for the caller if no verified account has the address', async () => {
    const [ann, bo] = await people()
    await set(bo.id, { verified: false })
    for (const email of [`nobody${++count}@example.com`, bo.email]) {
      const document = module.addDocument(ann.id)
      const { _id } = made(await ann.calls.create('documents', document, { email }))
      const applied = await job().apply(await tokenFromLetter(_id))
      expect(applied).toMatchObject({ state: 1, target: { account: { _id: admin } } })
    }
  })

  test('is refused for a disabled or unverified account', async () => {
    const [ann, bo] = await people()
    const { _id } = await offer(ann, { _id: bo.id })
    const token = await tokenOf(bo, _id)
    const byAddress = made(await ann.calls.create('documents', module.addDocument(ann.id), { email: bo.email }))
    const other = await tokenFromLetter(byAddress._id)
    await set(bo.id, { state: 'inactive' })
    for (const each of [token, other]) expect(await faultOf(job().apply(each))).toBe(badToken)
    await set(bo.id, { state: 'active', verified: false })
    expect(await faultOf(job().apply(token))).toBe('accessDenied.connectionRequiresVerification')
  })
})

test('every grant stays valid while nothing changes', async () => {
  const owner = await person()
  const document = module.addDocument(owner.id)
  const ann = await person()
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom<Level>(5, 6, 7),
      fc.constantFrom<Level>(0, 1, 2, 4, 5, 6, 7),
      fc.subarray(['editor', 'reviewer']),
      fc.constantFrom({}, { skipAcl: true }),
      async (have, access, roles, options) => {
        const { _id } = await give(document, ann, have)
        const link = await ann.calls.linkTo('documents', document, access, { ...options, roles }).catch(() => undefined)
        if (link) expect(await module.nobody.read(link.token as string)).toMatchObject({ _id: link._id })
        const email = `${newId()}@example.com`
        const [invited] = await ann.calls
          .create('documents', document, { email, access, roles }, { ...options, skipNotification: true })
          .catch(() => [undefined])
        if (invited && '_id' in invited)
          expect(await faultOf(module.nobody.read(await tokenFromLetter(invited._id)))).toBe('none')
        await ann.calls.delete(_id)
      },
    ),
    { numRuns: 30 },
  )
})
