import { sql } from 'kysely'
import { expect, test } from '@jest/globals'
import { as, servedCast } from '../support/served-cast.js'
import { invite } from '../support/writes.js'

const cast = servedCast()

/** Connections that somebody made at a moment, with people of whom nothing else is known. Ids begin as given: later ones are greater. */
const made = (count: number, ago: string, first: string) =>
  sql`
    insert into connection (id, context_object, context_id, creator_id, target_email, state, access, created_at, updated_at)
    select (${first}::text || substr(gen_random_uuid()::text, 3))::uuid, 'account', id, id, 'friend' || at || ${ago}::text || '@example.com', 'pending', 2,
      clock_timestamp() - ${ago}::text::interval, clock_timestamp()
    from account, generate_series(1, ${count}::integer) as at where user_id = 'lou'`.execute(cast.db())

test('a person may invite 500 others in a day', async () => {
  await made(499, '23 hours', '02')
  await made(20, '25 hours', '00')
  expect((await invite(cast.send, 'lou', 'bo')).status).toBe(201)
  const refused = await invite(cast.send, 'lou', 'chen')
  expect([refused.status, refused.headers['retry-after']]).toEqual([429, '3600'])
  expect(refused.text).toContain('A person may invite 500 others in a day; please go on tomorrow.')
  const pending = '/profiles/atom/connections.do?connectionType=colleague&status=pending'
  expect((await cast.send(pending, { as: as('chen') })).text).not.toContain('<snx:userid>lou</snx:userid>')
  expect((await invite(cast.send, 'kit', 'lou')).status).not.toBe(429)
})
