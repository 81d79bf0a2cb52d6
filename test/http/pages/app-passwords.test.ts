import { v7 as newId } from 'uuid'
import { deleteAppPassword } from '../../../src/identity/credential-store.js'
import { findAccount } from '../../../src/people/store.js'
import { appPasswordOf } from '../../support/app-passwords.js'
import { page } from '../../support/html.js'
import { as, servedCast } from '../../support/served-cast.js'

/** The page to create and revoke app passwords. */

const { send, db } = servedCast()
const address = '/profiles/html/appPasswords.do'
const form = { accept: 'text/html', 'content-type': 'application/x-www-form-urlencoded' }
const post = (path: string, who: string | undefined, fields: Record<string, string>, headers = form) => {
  const body = new URLSearchParams({ ...(path === address && { form: newId() }), ...fields }).toString()
  return send(path, { method: 'POST', headers, body, ...(who !== undefined && { as: who }) })
}
const pending = '/profiles/atom/connections.do?connectionType=colleague&status=pending'

test('one is made, shown once and to no other address, signs in, and is revoked (L3)', async () => {
  const made = await post(address, as('ann'), { name: 'My <reader>', days: '30' })
  expect([made.status, made.headers['cache-control'], made.headers['referrer-policy']]).toEqual([
    200,
    'no-store',
    'no-referrer',
  ])
  const [secret = ''] = page(made.text).texts('#secret')
  const reader = { headers: { authorization: `Bearer ${secret}` } }
  expect((await send(pending, reader)).status).toBe(200)
  expect((await send(pending, { as: `ann:${secret}` })).status).toBe(200)

  const shown = await send(address, { as: as('ann') })
  const { texts, attributes } = page(shown.text)
  expect(shown.text).not.toContain(secret)
  expect(texts('.people h2')).toEqual(['My <reader>'])
  expect(texts('.people dt')).toEqual(['Access', 'Created', 'Last used', 'Expires'])
  expect(texts('.people dd')[0]).toBe('read only')
  const [id = ''] = attributes('input[name=id]', 'value')

  // Other users cannot revoke it.
  expect((await post('/profiles/html/revoke.do', as('bo'), { id })).status).toBe(404)
  expect((await send(pending, reader)).status).toBe(200)
  const revoked = await post('/profiles/html/revoke.do', as('ann'), { id })
  expect([revoked.status, revoked.headers.location]).toEqual([303, '../html/appPasswords.do?done=revoked'])
  expect((await send(pending, reader)).status).toBe(401)
})

test('an app password with the scope write can invite, but not create another', async () => {
  const { text } = await post(address, as('bo'), { name: 'Robot', write: 'true' })
  const [secret = ''] = page(text).texts('#secret')
  const robot = { headers: { authorization: `Bearer ${secret}` } }
  const invited = await send('/profiles/atom/connections.do?connectionType=colleague&userid=lou', {
    ...robot,
    method: 'POST',
    body: '<entry xmlns="http://www.w3.org/2005/Atom"/>',
  })
  expect(invited.status).toBe(201)
  expect((await send(address, robot)).status).toBe(403)
  const more = await send(address, {
    method: 'POST',
    headers: { ...form, authorization: `Bearer ${secret}` },
    body: 'name=Another',
  })
  expect(more.status).toBe(403)
  expect(more.text).toContain("App passwords cannot do this. Sign in with your account's password.")
  const { texts } = page((await send(address, { as: as('bo') })).text)
  expect(texts('.people h2')).toEqual(['Robot'])
})

test.each([
  [{ name: '' }, 'The name of an app password must have 1 to 100 characters; this one has 0.'],
  [{ name: 'a', days: '7' }, 'The parameter days must be one of 30, 90, 365, or empty.'],
  [{ name: 'a', write: 'yes' }, 'The parameter write must be one of true, false, 1, 0.'],
  [{ name: 'a', form: 'x' }, 'The parameter form must be a UUID.'],
])('%j is refused', async (fields: Record<string, string>, sentence) => {
  const { status, text } = await post(address, as('chen'), fields)
  expect([status, page(text).texts('main p')[0]]).toEqual([400, sentence])
  expect(page((await send(address, { as: as('chen') })).text).texts('.people li')).toEqual([])
})

test('a form that is submitted again creates no second one, and shows no secret', async () => {
  const opened = page((await send(address, { as: as('eleni') })).text)
  const [first = ''] = opened.attributes('input[name=form]', 'value')
  const made = await post(address, as('eleni'), { name: 'Reader', form: first })
  expect(page(made.text).texts('#secret')).toHaveLength(1)
  const again = await post(address, as('eleni'), { name: 'Reader', form: first })
  expect([again.status, again.headers.location, again.text]).toEqual([
    303,
    '../html/appPasswords.do?done=madeAlready',
    '',
  ])
  const { texts } = page((await send(`${address}?done=madeAlready`, { as: as('eleni') })).text)
  expect([texts('.people h2'), texts('[role=status]')]).toEqual([
    ['Reader'],
    [expect.stringContaining('This app password already exists.')],
  ])
  // The page of the first one has a form for another.
  const [second = ''] = page(made.text).attributes('input[name=form]', 'value')
  expect(page((await post(address, as('eleni'), { name: 'Other', form: second })).text).texts('.people h2')).toEqual([
    'Reader',
    'Other',
  ])
})

test('anonymous users are sent to the sign-in; forms of other sites are refused', async () => {
  expect((await send(address, { headers: form })).headers.location).toBe(
    '../html/signIn.do?next=..%2Fhtml%2FappPasswords.do',
  )
  const forged = await post(address, as('ann'), { name: 'x' }, { ...form, 'sec-fetch-site': 'cross-site' } as never)
  expect(forged.status).toBe(403)
})

test("the page shows access and expiry, and links to the user's lists", async () => {
  const app = await appPasswordOf(db(), 'chen', ['write'], new Date('2100-01-01T00:00:00Z'))
  const { texts, attributes } = page((await send(address, { as: as('chen') })).text)
  const [may, , , lastDay] = texts('.people dd')
  expect([may, lastDay]).toEqual(['write only', 'December 31, 2099'])
  for (const place of attributes('main p a[href*=connections]', 'href')) {
    const feed = await send(place.replace('..', '/profiles'), { as: as('chen') })
    expect([feed.status, feed.headers['content-type']]).toEqual([200, 'application/atom+xml;charset=UTF-8'])
  }
  expect(attributes('main p a[href*=connections]', 'href')).toHaveLength(2)
  await deleteAppPassword(db(), (await findAccount(db(), { by: 'userId', value: 'chen' }))?.id as string, app.id)
})
