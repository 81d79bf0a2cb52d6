import { randomUUID } from 'node:crypto'
import { findFaults } from '../../src/connections/integrity-store.js'
import type { Answer, Send } from '../support/client.js'
import { freshDatabase, serverUrl, type TestDatabase } from '../support/database.js'
import { connectionEntry } from '../support/entries.js'
import { run } from '../support/process.js'
import { type Server, startServers, stopServers } from '../support/servers.js'
import { addPerson, signInSecret } from '../support/world.js'
import { accept, idIn, invite, remove } from '../support/writes.js'
import { all, child, parse } from '../support/xml.js'
import { temporaryFolder } from '../transfer/files.js'

/**
 * Concurrent actions of people, each through a server process of their own (docs/trust.md, C1; C2; C3; C4).
 */

let database: TestDatabase
let servers: Server[] = []
let sends: [Send, Send]

async function startTwo(): Promise<void> {
  database = await freshDatabase()
  servers = await startServers(2, { DATABASE_URL: database.url as string })
  sends = servers.map(({ send }) => send) as [Send, Send]
}

const people = (names: readonly string[]) =>
  Promise.all(names.map((name) => addPerson(database.db, name, { password: signInSecret })))

/** The status of an answer, and the code of its error, if any. */
const outcome = ({ status, text }: Answer) => `${status} ${/CLFRN\w+/.exec(text)?.[0] ?? ''}`.trim()

const verbsOf = async (connectionIds: readonly string[]) => {
  const events = await database.db
    .selectFrom('connection_event')
    .select(['connection_id', 'verb'])
    .where('connection_id', 'in', connectionIds)
    .orderBy('at')
    .orderBy('id')
    .execute()
  return connectionIds.map((id) => events.filter((event) => event.connection_id === id).map(({ verb }) => verb))
}

const connectionOf = async (row: string) =>
  (await database.db.selectFrom('colleague').select('connection_id').where('id', '=', row).executeTakeFirstOrThrow())
    .connection_id

if (serverUrl === undefined) {
  test('two servers need DATABASE_URL', () => {
    expect(process.env['DATABASE_URL'] ?? '').toBe('')
  })
} else {
  describe('two servers on one database', () => {
    beforeAll(startTwo)
    afterAll(async () => {
      await stopServers(servers)
      await database.close()
      expect(servers.map(({ errors }) => errors())).toEqual(['', ''])
    })

    test('twenty equal concurrent invitations make one, with one e-mail', async () => {
      await people(['eve', 'fay'])
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, at) => invite(sends[at % 2] as Send, 'eve', 'fay', `try ${at}`)),
      )
      expect(answers.map(outcome).sort()).toEqual(['201', ...Array<string>(19).fill('400 CLFRN1168E')])
      const letters = await database.db.selectFrom('outbox').select('kind').execute()
      expect(letters).toEqual([{ kind: 'invited' }])
      expect(await findFaults(database.db)).toEqual([])
    })

    test('two crossing invitations make one, two hundred times', async () => {
      const pairs = Array.from({ length: 200 }, (_, at) => [`one${at}`, `other${at}`] as const)
      await people(pairs.flat())
      const outcomes: string[][] = []
      while (pairs.length > 0) {
        const batch = pairs.splice(0, 12).map(async ([one, other], at) => {
          const [first, second] = at % 2 === 0 ? sends : ([...sends].reverse() as [Send, Send])
          const answers = await Promise.all([invite(first, one, other), invite(second, other, one)])
          outcomes.push(answers.map(outcome).sort())
        })
        await Promise.all(batch)
      }
      expect(outcomes).toEqual(Array(200).fill(['201', '400 CLFRN1168E']))
      expect(await findFaults(database.db)).toEqual([])
    })

    test('everyone invites everyone: each pair once, without deadlocks', async () => {
      const names = Array.from({ length: 8 }, (_, at) => `circle${at}`)
      await people(names)
      const all = names.flatMap((from) => names.filter((to) => to !== from).map((to) => [from, to] as const))
      const answers: string[] = []
      while (all.length > 0) {
        const batch = all.splice(0, 28).map(([from, to], at) => invite(sends[at % 2] as Send, from, to))
        answers.push(...(await Promise.all(batch)).map(outcome))
      }
      expect(answers.filter((each) => each === '201')).toHaveLength(28)
      expect(answers.filter((each) => each === '400 CLFRN1168E')).toHaveLength(28)
      expect(await findFaults(database.db)).toEqual([])
    })

    test('an acceptance against a deletion ends in one of two orders, a hundred times', async () => {
      await people(['gus', 'hal'])
      for (let round = 0; round < 100; round++) {
        const id = idIn(await invite(sends[0], 'gus', 'hal'))
        const connectionId = await connectionOf(id)
        const order = round % 2 === 0 ? sends : ([...sends].reverse() as [Send, Send])
        const [accepted, removed] = await Promise.all([accept(order[0], 'hal', id), remove(order[1], 'gus', id)])
        const told = [outcome(accepted), outcome(removed)].join(', ')
        const [verbs = []] = await verbsOf([connectionId])
        expect({ '200, 200': 'invited accepted removed', '404 CLFRN1172E, 200': 'invited withdrawn' }[told]).toBe(
          verbs.join(' '),
        )
      }
      expect(await findFaults(database.db)).toEqual([])
    })

    test('a double click accepts once, a double click deletes once', async () => {
      await people(['ida', 'jon'])
      for (let round = 0; round < 20; round++) {
        const id = idIn(await invite(sends[0], 'ida', 'jon'))
        const connectionId = await connectionOf(id)
        const accepted = await Promise.all(sends.map((send) => accept(send, 'jon', id)))
        expect(accepted.map(outcome)).toEqual(['200', '200'])
        const removed = await Promise.all(sends.map((send) => remove(send, 'jon', id)))
        expect(removed.map(outcome).sort()).toEqual(['200', '404 CLFRN1172E'])
        expect(await verbsOf([connectionId])).toEqual([['invited', 'accepted', 'removed']])
      }
    })

    test('concurrent completing and clearing by an administrator breaks nothing', async () => {
      const crew = ['kay', 'lee', 'mia']
      await people([...crew, 'root'])
      await database.db
        .updateTable('account')
        .set({ roles: ['admin'] })
        .where('user_id', '=', 'root')
        .execute()
      const admin = (send: Send, method: string, query: string, body?: string) =>
        send(`/profiles/admin/atom/connections.do?${query}`, {
          method,
          as: 'root:colleagues',
          ...(body !== undefined && { body }),
        })
      const [first, second] = sends
      const accepted = connectionEntry('accepted')
      const seen = new Set<string>()
      for (let round = 0; round < 30; round++) {
        const answers = await Promise.all([
          invite(first, 'kay', 'lee'),
          invite(second, 'lee', 'kay'),
          admin(first, 'PUT', 'action=complete&sourceUserid=lee&targetUserid=kay', accepted),
          admin(second, 'PUT', 'action=complete&sourceUserid=kay&targetUserid=mia', accepted),
          admin(second, 'DELETE', 'userid=kay'),
          admin(first, 'DELETE', 'sourceUserid=kay&targetUserid=lee'),
        ])
        for (const answer of answers) seen.add(outcome(answer))
        expect(await findFaults(database.db)).toEqual([])
      }
      for (const each of seen) expect(['200', '201', '400 CLFRN1168E', '404 CLFRN1172E']).toContain(each)
    })

    test('an import that reverses pairs during writes breaks nothing', async () => {
      await people(['ned', 'oda'])
      const folder = await temporaryFolder()
      const file = (inviter: string, invited: string, at: number) =>
        folder.write(
          `turn${at}.jsonl`,
          `${JSON.stringify({
            colleague: {
              inviter,
              invited,
              status: 'pending',
              updated: new Date(Date.now() - 60_000 + at).toISOString(),
              inviterEntry: randomUUID(),
            },
          })}\n`,
        )
      for (let round = 0; round < 6; round++) {
        const turned = await (round % 2 === 0 ? file('ned', 'oda', round) : file('oda', 'ned', round))
        const importing = run(['import', turned], { DATABASE_URL: database.url as string })
        let isOver = false
        void importing.exit.then(() => (isOver = true))
        while (!isOver) {
          const invited = await invite(sends[0], 'ned', 'oda')
          const id = invited.status === 201 ? idIn(invited) : randomUUID()
          const answers = await Promise.all([accept(sends[1], 'oda', id), remove(sends[0], 'ned', id)])
          for (const answer of [invited, ...answers]) expect(answer.status).toBeLessThan(500)
        }
        expect([await importing.exit, importing.errors()]).toEqual([0, ''])
        expect(await findFaults(database.db)).toEqual([])
      }
      await folder.remove()
    })

    test('polling since the newest date misses no change during writes', async () => {
      const guests = Array.from({ length: 60 }, (_, at) => `late${at}`)
      await people(['idol', ...guests])
      const seen = new Set<string>()
      let since = '2026-01-01T00:00:00.000Z'
      const poll = async () => {
        const query = `connectionType=colleague&status=pending&ps=250&sortBy=lastMod&since=${encodeURIComponent(since)}`
        const { text } = await sends[0](`/atom/connections.do?${query}`, { as: 'idol:colleagues' })
        for (const entry of all(parse(text), 'entry')) {
          seen.add(child(entry, 'title').text)
          since = child(entry, 'updated').text
        }
      }
      let isOver = false
      const polling = (async () => {
        while (!isOver) await poll()
      })()
      while (guests.length > 0) {
        const batch = guests.splice(0, 12).map((guest, at) => invite(sends[at % 2] as Send, guest, 'idol'))
        expect((await Promise.all(batch)).map(outcome)).toEqual(Array(12).fill('201'))
      }
      isOver = true
      await polling
      await poll()
      expect(seen.size).toBe(60)
    })

    test('the total of a list counts all concurrent writes', async () => {
      const guests = Array.from({ length: 40 }, (_, at) => `guest${at}`)
      await people(['star', ...guests])
      const made = await Promise.all(guests.map((guest, at) => invite(sends[at % 2] as Send, guest, 'star')))
      expect(made.map(outcome)).toEqual(Array(40).fill('201'))
      const ids = made.map(idIn)
      const answers = await Promise.all(
        ids.map((id, at) =>
          at % 3 === 0
            ? remove(sends[at % 2] as Send, guests[at] as string, id)
            : accept(sends[at % 2] as Send, 'star', id),
        ),
      )
      expect(answers.map(outcome)).toEqual(Array(40).fill('200'))
      const { text } = await sends[0]('/atom/connections.do?connectionType=colleague&userid=star')
      expect(text).toContain('<opensearch:totalResults>26</opensearch:totalResults>')
      expect(await findFaults(database.db)).toEqual([])
    })
  })
}
