import { fixture } from '../support/files.js'
import { as, servedCast } from '../support/served-cast.js'
import { child, parse } from '../support/xml.js'

/** The load generator of ICDA (docs/wire.md, What each client needs): it looks up whom it invites. */

const cast = servedCast()

test('an invitation names a profile by its key', async () => {
  const { status, text } = await cast.send('/profiles/atom/profile.do?userid=haru', { as: as('bo') })
  expect(status).toBe(200)
  const profile = child(parse(text), 'entry')
  expect(child(child(profile, 'contributor'), 'userid').text).toBe('haru')
  const id = child(profile, 'id').text
  const key = id.slice(id.lastIndexOf(':') + 1 + 'entry'.length)
  expect(key).toBe('0e5a766f-e725-419e-abd7-5636981d1bd0')

  const invited = await cast.send(`/profiles/atom/connections.do?key=${key}&connectionType=colleague`, {
    method: 'POST',
    as: as('bo'),
    headers: { 'content-type': 'application/atom+xml; type=entry', 'transfer-encoding': 'chunked' },
    body: fixture('requests/icda-invite.xml'),
  })
  expect(invited.status).toBe(201)
  const pending = '/profiles/atom/connections.do?connectionType=colleague&inclMessage=true&status=pending&userid=haru'
  const feed = parse((await cast.send(pending, { as: as('haru') })).text)
  expect(child(child(feed, 'entry'), 'title').text).toBe('Борис Иванов')
})
