import { sql } from 'kysely'
import { as, servedCast } from '../support/served-cast.js'
import { idIn, invite, remove } from '../support/writes.js'

const cast = servedCast()

/** The events of past invitations that no longer exist. */
const made = (count: number, ago: string) =>
  sql`
    insert into connection_event (id, connection_id, actor_id, verb, at)
    select gen_random_uuid(), gen_random_uuid(), id, 'invited', clock_timestamp() - ${ago}::text::interval
    from account, generate_series(1, ${count}::integer) where user_id = 'lou'`.execute(cast.db())

test('a person may send 500 invitations per day, including declined and withdrawn ones', async () => {
  await made(498, '23 hours')
  await made(20, '25 hours')
  for (let round = 0; round < 2; round++) {
    const invited = await invite(cast.send, 'lou', 'bo')
    expect(invited.status).toBe(201)
    expect((await remove(cast.send, 'lou', idIn(invited))).status).toBe(200)
  }
  const refused = await invite(cast.send, 'lou', 'chen')
  expect([refused.status, refused.headers['retry-after']]).toEqual([429, '3600'])
  expect(refused.text).toContain('The limit of 500 invitations per day is reached. Please try again tomorrow.')
  const pending = '/profiles/atom/connections.do?connectionType=colleague&status=pending'
  expect((await cast.send(pending, { as: as('chen') })).text).not.toContain('<snx:userid>lou</snx:userid>')
  expect((await invite(cast.send, 'kit', 'lou')).status).not.toBe(429)
})
