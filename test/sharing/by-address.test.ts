import { type Connection, Fault } from '../../src/index.js'
import { sendDue } from '../../src/mail/worker.js'
import { never, mailServices } from '../mail/services.js'
import { type Client, startClient } from '../support/client.js'
import { freshDatabase, type TestDatabase } from '../support/database.js'
import { type MailServer, startMailServer } from '../support/mail-server.js'
import { faultOf, made, openModule, type Person } from '../support/module.js'
import { addPerson, signInSecret } from '../support/world.js'

/** An invitation by e-mail address does not tell whether the address belongs to a member. */

let database: TestDatabase
let module: Awaited<ReturnType<typeof openModule>>
let client: Client
let server: MailServer
let people = 0
beforeAll(async () => {
  database = await freshDatabase()
  module = await openModule(database)
  client = await startClient(database.db, {}, undefined, undefined, module.world)
  server = await startMailServer()
})
afterAll(async () => {
  await client.close()
  await server.close()
  await database.close()
})

/** A person with a password. */
async function person(name: string): Promise<Person & { name: string }> {
  const unique = `${name}${++people}`
  const id = await addPerson(database.db, unique, { password: signInSecret })
  return { id, name: unique, email: `${unique}@example.com`, calls: module.connectionsFor({ accountId: id }) }
}

const set = ({ id }: Person, values: object) =>
  database.db.updateTable('account').set(values).where('id', '=', id).execute()

/** The relation of an inviter, the context and a member. The inviter only guesses the member's address. */
type Situation = (inviter: Person, member: Person, document: string) => Promise<unknown>
const forced = { skipAcl: true, forceAuto: true }
const situations: Record<string, Situation> = {
  'no relation': () => Promise.resolve(),
  'a disabled member': (_inviter, member) => set(member, { state: 'inactive' }),
  'an unverified member': (_inviter, member) => set(member, { verified: false }),
  'an administrator': (_inviter, member) => set(member, { roles: ['admin'] }),
  colleagues: async (inviter, member) =>
    inviter.calls.create('accounts', inviter.id, { _id: member.id, auto: true }, forced),
  'an invitation by id': async (inviter, member) => inviter.calls.create('accounts', inviter.id, { _id: member.id }),
  'an invitation by the member': async (inviter, member) =>
    member.calls.create('accounts', member.id, [{ _id: inviter.id }, { email: inviter.email }]),
  'access to the object': async (inviter, member, document) =>
    inviter.calls.create('documents', document, { _id: member.id, access: 4, auto: true }, forced),
  'an invitation to the object, by id': async (inviter, member, document) =>
    inviter.calls.create('documents', document, { _id: member.id, access: 6 }),
  'an invitation to the object by a third person': async (_inviter, member, document) => {
    const other = await person('other')
    const targets = [{ _id: member.id }, { email: member.email }]
    await other.calls.create('documents', document, targets, { skipAcl: true })
  },
}

/** All answers to the inviter, with ids, dates and names replaced. */
async function seen(inviter: Person & { name: string }, email: string, document: string): Promise<unknown[]> {
  const answers: unknown[] = []
  for (const [objects, id] of [
    ['accounts', inviter.id],
    ['documents', document],
  ] as const) {
    for (const access of [2, 4]) {
      const target = { email: email.toUpperCase(), access, name: { first: 'You', last: null } }
      const [connection, ...more] = await inviter.calls.create(objects, id, target)
      answers.push(connection, more)
    }
    const { _id } = made(await inviter.calls.create(objects, id, { email }))
    const include = ['target.account', 'creator', 'context', 'token', 'url', 'appKey']
    answers.push(await inviter.calls.read(_id, { include }))
    answers.push(await inviter.calls.list({ where: { _id }, include }), await faultOf(inviter.calls.getToken(_id)))
    answers.push((await inviter.calls.list({ where: { 'target.email': email } })).length)
    answers.push(
      await inviter.calls.list({
        where: { 'target.email': email },
        group: { _id: 'state', out: { n: { $count: 1 } } },
      }),
    )
    answers.push(await inviter.calls.delete(_id))
    const again = await client.send(`/v2/${objects}/${id}/connections`, {
      as: `${inviter.name}:colleagues`,
      method: 'POST',
      body: JSON.stringify({ targets: [{ email }] }),
    })
    answers.push(again.status, JSON.parse(again.text))
  }
  const uuid = /[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/g
  const date = /\d{4}-\d\d-\d\dT[\d:.]+Z/g
  const text = JSON.stringify(answers).replaceAll(email, 'EMAIL').replaceAll(inviter.name, 'INVITER')
  return JSON.parse(text.replaceAll(uuid, 'ID').replaceAll(date, 'DATE')) as unknown[]
}

describe.each(Object.entries(situations))('an invitation by address despite %s', (_name, arrange) => {
  test('gets the answers of an unknown address from `create`, `list`, `read` and /v2', async () => {
    const [ann, bo] = [await person('ann'), await person('bo')]
    const document = module.addDocument(ann.id)
    await arrange(ann, bo, document)
    const ofMember = await seen(ann, bo.email, document)
    const zoe = await person('ann')
    const ofNobody = await seen(zoe, 'nobody@example.com', module.addDocument(zoe.id))
    expect(ofMember).toEqual(ofNobody)
    expect(JSON.stringify(ofMember)).not.toContain('fault')
  })
})

test('an invitation by address does not change an existing connection', async () => {
  const [ann, bo] = [await person('ann'), await person('bo')]
  const { _id } = made(await ann.calls.create('accounts', ann.id, { _id: bo.id, auto: true }, forced))
  const invitation = made(await ann.calls.create('accounts', ann.id, { email: bo.email, access: 6 }))
  expect(invitation).toMatchObject({ state: 0, access: 6, target: { email: bo.email } })
  expect(await ann.calls.read(_id)).toMatchObject({ state: 1, access: 2 })
  expect((await bo.calls.list()).map((each) => [each._id, each.state])).toEqual([
    [_id, 1],
    [invitation._id, 0],
  ])
})

test('one call with a member by id and by address makes two invitations', async () => {
  const [ann, bo] = [await person('ann'), await person('bo')]
  const result = await ann.calls.create('documents', module.addDocument(ann.id), [{ _id: bo.id }, { email: bo.email }])
  expect(result).toMatchObject([
    { state: 0, target: { account: { _id: bo.id } } },
    { state: 0, target: { email: bo.email } },
  ])
})

test.each(['documents', 'accounts'])(
  'an acceptance by id keeps the invitations by address, so that they do not reveal their owner: %s',
  async (objects) => {
    const [ann, bo] = [await person('ann'), await person('bo')]
    const id = objects === 'accounts' ? ann.id : module.addDocument(ann.id)
    const addresses = [bo.email, 'nobody@example.com']
    const targets = [{ _id: bo.id, access: 4 as const }, ...addresses.map((email) => ({ email }))]
    const [byId, byAddress] = (await ann.calls.create(objects, id, targets)) as Connection[]
    await bo.calls.apply((await bo.calls.getToken(byId?._id as string)) as string)
    const left = await ann.calls.list({ where: { context: id, state: 0 } })
    expect(left.map(({ target }) => target?.email)).toEqual(addresses)
    // The owner of the address may still apply it. The connection keeps its level.
    const applied = await bo.calls.apply((await bo.calls.getToken(byAddress?._id as string)) as string)
    expect(applied).toMatchObject({ _id: byId?._id, access: 4 })
    expect(await ann.calls.list({ where: { context: id, state: 0 } })).toHaveLength(1)
  },
)

test('an address with `auto` is the same fault for known and unknown addresses', async () => {
  const [ann, bo] = [await person('ann'), await person('bo')]
  for (const email of [bo.email, 'nobody@example.com']) {
    const call = ann.calls.create('documents', module.addDocument(ann.id), { email, auto: true }, forced)
    expect(await faultOf(call)).toBe(`invalidArgument.autoConnectionRequiresId ${email}`)
  }
})

test('the remaining e-mails of the hour do not reveal the recipients', async () => {
  const members = [await person('bo'), await person('bo'), await person('bo')]
  await set(members[0] as Person, { state: 'inactive' })
  await set(members[1] as Person, { verified: false })
  const outcomes: (readonly string[])[] = []
  for (const of of [members.map(({ email }) => email), ['x@example.com', 'y@example.com', 'z@example.com']]) {
    const ann = await person('ann')
    const document = module.addDocument(ann.id)
    const invite = (emails: readonly string[]) =>
      ann.calls.create(
        'documents',
        document,
        emails.map((email) => ({ email })),
      )
    // The last of them had an e-mail about ann before.
    await ann.calls.create('accounts', ann.id, { email: of[2] as string })
    await invite([...of, ...Array.from({ length: 40 }, (_, at) => `filler${at}@example.com`)])
    const office = mailServices({ db: database.db, tokenKeys: module.world.tokenKeys }, server.url, [])
    while (await sendDue(office, never));
    const result = await invite(Array.from({ length: 10 }, (_, at) => `rest${at}@example.com`))
    outcomes.push(result.map((each: Connection | Fault) => (each instanceof Fault ? each.errCode : 'made')))
  }
  expect(outcomes[0]).toEqual(outcomes[1])
  expect(outcomes[0]?.filter((each) => each === 'made')).toHaveLength(6)
})
