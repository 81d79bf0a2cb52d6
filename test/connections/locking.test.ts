import { sql } from 'kysely'
import { invite } from '../../src/connections/invite.js'
import { lockNetworks } from '../../src/connections/write-store.js'
import type { Account } from '../../src/people/account.js'
import { findAccount } from '../../src/people/store.js'
import { freshDatabase, serverUrl, type TestDatabase } from '../support/database.js'
import { addPerson } from '../support/world.js'

/** Writers lock lists in one order and wait briefly; readers never wait. */

if (serverUrl === undefined) {
  test('the embedded database has one connection, so there is no contention', () => {
    expect(process.env['DATABASE_URL'] ?? '').toBe('')
  })
} else {
  describe('locks of lists', () => {
    let database: TestDatabase
    const ids: string[] = []
    beforeAll(async () => {
      database = await freshDatabase()
      for (let each = 0; each < 60; each++) ids.push(await addPerson(database.db, `p${each}`))
    })
    afterAll(() => database.close())

    test('are taken in one order, whatever order they are asked for in', async () => {
      const lock = (owners: readonly string[]) =>
        database.db.transaction().execute((transaction) => lockNetworks(transaction, owners))
      for (let round = 0; round < 40; round++) {
        const outcomes = await Promise.allSettled([
          lock(ids),
          lock(ids.toReversed()),
          lock(ids),
          lock(ids.toReversed()),
        ])
        expect(outcomes.map(({ status }) => status)).toEqual(Array(4).fill('fulfilled'))
      }
    })

    test('are waited for a moment only, and meanwhile others read', async () => {
      const inviter = (await findAccount(database.db, { by: 'userId', value: 'p0' })) as Account
      const refused = await database.db.transaction().execute(async (transaction) => {
        await sql`lock table network in exclusive mode`.execute(transaction)
        const writers = Array.from({ length: 30 }, (_, at) =>
          invite(database, inviter, { by: 'userId', value: `p${at + 1}` }, '').catch((error: unknown) => error),
        )
        // One of ten connections holds the lock; the waiting writers leave some of the others.
        expect(await findAccount(database.db, { by: 'userId', value: 'p1' })).toMatchObject({ userId: 'p1' })
        return Promise.all(writers)
      })
      expect(new Set(refused.map((error) => (error as { code: string }).code))).toEqual(
        new Set(['55P03', 'unavailable']),
      )
      expect(await invite(database, inviter, { by: 'userId', value: 'p1' }, '')).toMatch(/^[\da-f-]{36}$/)
    })
  })
}
