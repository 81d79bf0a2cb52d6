import { fixture } from '../support/files.js'
import { select } from '../support/select.js'
import { as, servedCast } from '../support/served-cast.js'
import { connectionOf, entriesOf } from '../support/toolkit.js'
import { parse } from '../support/xml.js'

/** The Social Business Toolkit for Java as it was until April 2014 (docs/wire.md, What each client needs). */

const cast = servedCast()
const check = async (name: string) => {
  const address = 'connection.do?sourceUserid=bo&targetUserid=haru&connectionType=colleague'
  const { status, text } = await cast.send(`/profiles/atom/${address}`, { as: as(name) })
  expect(status).toBe(200)
  const [entry] = select(parse(text), '/a:entry')
  return entry && connectionOf(entry)
}

test('the 2014 toolkit sends an invitation, checks it, finds it and accepts it', async () => {
  const invited = await cast.send('/profiles/atom/connections.do?userid=haru&connectionType=colleague', {
    method: 'POST',
    as: as('bo'),
    headers: { 'content-type': 'text/plain' },
    body: fixture('requests/sdk-java-2014-invite.xml'),
  })
  expect([invited.status, invited.headers['content-type'], invited.text]).toEqual([201, 'text/html', ''])
  expect(await check('bo')).toMatchObject({
    title: '山田 はるか',
    source: { userid: 'bo' },
    target: { userid: 'haru' },
  })

  const list = 'connections.do?connectionType=colleague&status=pending&inclMessage=true&userid=haru'
  const { text } = await cast.send(`/profiles/atom/${list}`, { as: as('haru') })
  const [invitation] = entriesOf(parse(text)).map(connectionOf)
  expect(invitation).toMatchObject({ title: 'Борис Иванов', content: 'I would like to add you to my network' })

  const accepted = await cast.send(`/profiles/atom/connection.do?connectionId=${invitation?.id}`, {
    method: 'PUT',
    as: as('haru'),
    headers: { 'content-type': 'application/atom+xml' },
    body: fixture('requests/sdk-java-2014-accept.xml'),
  })
  expect([accepted.status, accepted.headers['content-type'], accepted.text]).toEqual([200, 'text/html', ''])
  expect((await check('bo'))?.summary).toBe('Борис Иванов and 山田 はるか are colleagues.')
})
