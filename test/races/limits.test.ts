import { setTimeout } from 'node:timers/promises'
import { sql } from 'kysely'
import type { Answer, Send } from '../support/client.js'
import { freshDatabase, serverUrl, type TestDatabase } from '../support/database.js'
import { type MailServer, startMailServer } from '../support/mail-server.js'
import { type Server, startServers, stopServers } from '../support/servers.js'
import { addPerson, signInSecret } from '../support/world.js'
import { idIn, invite, remove } from '../support/writes.js'

/** Limits on invitations and e-mails hold for two server processes together. */

if (serverUrl === undefined) {
  test('two servers need DATABASE_URL', () => {
    expect(process.env['DATABASE_URL'] ?? '').toBe('')
  })
} else {
  describe('two servers on one database', () => {
    let database: TestDatabase
    let mail: MailServer
    let servers: Server[] = []
    let sends: [Send, Send]
    beforeAll(async () => {
      database = await freshDatabase()
      mail = await startMailServer()
      servers = await startServers(2, {
        DATABASE_URL: database.url as string,
        SMTP_URL: mail.url,
        MAIL_FROM: 'Connections <post@example.com>',
        LOG_LEVEL: 'warn',
      })
      sends = servers.map(({ send }) => send) as [Send, Send]
    })
    afterAll(async () => {
      // A server that is killed would break off in the middle of an e-mail.
      await allSent()
      await stopServers(servers)
      await mail.close()
      await database.close()
    })

    const person = (name: string) => addPerson(database.db, name, { password: signInSecret })
    const alternately = (at: number) => sends[at % 2] as Send
    /** On a busy machine some are refused for the moment, and sent again as a client would. */
    const taken = async (send: () => Promise<Answer>): Promise<Answer> => {
      for (;;) {
        const answer = await send()
        if (answer.status !== 503) return answer
      }
    }
    const create = (send: Send, name: string, id: string, targets: object[]): Promise<Answer> =>
      taken(() =>
        send(`/v2/accounts/${id}/connections`, {
          method: 'POST',
          as: `${name}:colleagues`,
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ targets }),
        }),
      )
    const outcomesIn = ({ text }: Answer) =>
      (JSON.parse(text) as { data: { errCode?: string }[] }).data.map(({ errCode = 'made' }) => errCode)
    const count = (all: readonly unknown[], one: unknown) => all.filter((each) => each === one).length

    /** Waits until the servers have dealt with every e-mail. */
    async function allSent(): Promise<void> {
      for (;;) {
        const { rows } = await sql`
          select from outbox where sent_at is null and dropped_at is null and dead_at is null limit 1`.execute(
          database.db,
        )
        if (rows.length === 0) return
        await setTimeout(100)
      }
    }

    test('repeated invitations by both APIs send one e-mail', async () => {
      const eve = await person('eve')
      const fay = await person('fay')
      for (let round = 0; round < 12; round++) {
        const [one, other] = [alternately(round), alternately(round + 1)]
        if (round % 3 === 0) {
          const invited = await invite(one, 'eve', 'fay')
          expect(invited.status).toBe(201)
          if (round === 6) await allSent()
          expect((await remove(other, 'eve', idIn(invited))).status).toBe(200)
        } else {
          const target = round % 3 === 1 ? { _id: fay } : { email: 'FAY@example.com' }
          const answer = await create(one, 'eve', eve, [target])
          const { data } = JSON.parse(answer.text) as { data: { _id: string }[] }
          if (round === 8) await allSent()
          const path = `/v2/connections/${data[0]?._id}`
          expect((await other(path, { method: 'DELETE', as: 'eve:colleagues' })).status).toBe(200)
        }
      }
      await allSent()
      expect(mail.received.filter(({ to }) => to.includes('fay@example.com'))).toHaveLength(1)
    })

    test('hourly limits hold for concurrent calls', async () => {
      const gus = await person('gus')
      const calls = Array.from({ length: 4 }, (_, call) =>
        create(
          alternately(call),
          'gus',
          gus,
          Array.from({ length: 20 }, (_target, at) => ({ email: `gus${call}-${at}@example.com` })),
        ),
      )
      const outcomes = (await Promise.all(calls)).flatMap(outcomesIn)
      expect(count(outcomes, 'made')).toBe(50)
      expect(count(outcomes, 'cortex.throttled.connectionInvitations')).toBe(30)
    })

    test('the daily limit holds for both APIs together', async () => {
      const hal = await person('hal')
      await sql`
        insert into connection_event (id, connection_id, actor_id, verb, at)
        select gen_random_uuid(), gen_random_uuid(), ${hal}, 'invited', clock_timestamp() - interval '2 hours'
        from generate_series(1, 495)`.execute(database.db)
      const guests = Array.from({ length: 6 }, (_, at) => `guest${at}`)
      for (const guest of guests) await person(guest)
      const atom = guests.map(async (guest, at) => (await taken(() => invite(alternately(at), 'hal', guest))).status)
      const module = guests.map(async (guest, at) =>
        outcomesIn(await create(alternately(at), 'hal', hal, [{ email: `other-${guest}@example.com` }])),
      )
      const outcomes = (await Promise.all([...atom, ...module])).flat()
      expect(count(outcomes, 201) + count(outcomes, 'made')).toBe(5)
      expect(count(outcomes, 429) + count(outcomes, 'cortex.throttled.connectionInvitations')).toBe(7)
    })
  })
}
