import { baseUrl } from '../support/client.js'
import { fixture } from '../support/files.js'
import { textAt } from '../support/select.js'
import { as, servedCast } from '../support/served-cast.js'
import { connectionOf, countsOf, entriesOf, profileOf } from '../support/toolkit.js'
import { parse } from '../support/xml.js'

/** The Social Business Toolkit for Java, since April 2014 (docs/wire.md, What each client needs). */

const cast = servedCast()
const get = (address: string, root = '/profiles') => cast.send(`${root}/atom/${address}`, { as: as('bo') })
const bo = { name: 'Борис Иванов', userid: 'bo', email: 'bo@example.com' }
const eleni = { name: 'Ελένη Παπαδοπούλου', userid: 'eleni', email: 'eleni@example.com' }

describe('a network', () => {
  test.each(['/profiles', '/profiles/oauth', '/profiles/form'])('as connections, under %s', async (root) => {
    const address = 'connections.do?email=bo%40example.com&connectionType=colleague&outputType=connection'
    const { status, headers, text } = await get(address, root)
    expect([status, headers['content-type']]).toEqual([200, 'application/atom+xml;charset=UTF-8'])
    const feed = parse(text)
    expect(countsOf(feed)).toEqual(['3', '1', '10'])
    const connections = entriesOf(feed).map(connectionOf)
    expect(connections.map(({ target }) => target.userid)).toEqual(['eleni', 'chen', 'ann'])
    const one = `${baseUrl}/profiles/atom/connection.do?connectionId=cd23586b-82e2-4dbc-a80a-a749fa3b0da7`
    expect(connections[0]).toEqual({
      id: 'cd23586b-82e2-4dbc-a80a-a749fa3b0da7',
      title: eleni.name,
      updated: '2026-04-05T09:00:00.000Z',
      content: '',
      summary: 'Борис Иванов and Ελένη Παπαδοπούλου are colleagues.',
      source: bo,
      target: eleni,
      self: one,
      edit: `${one}&inclMessage=true`,
    })
  })

  test('as profiles', async () => {
    const { status, text } = await get('connections.do?userid=bo&connectionType=colleague&outputType=profile')
    expect(status).toBe(200)
    const profiles = entriesOf(parse(text)).map(profileOf)
    expect(profiles.map(({ userid }) => userid)).toEqual(['eleni', 'chen', 'ann'])
    const key = '7007beaa-cf59-48d6-a06e-6bdca3e7a6b0'
    expect(profiles[0]).toEqual({
      ...eleni,
      photo: `${baseUrl}/profiles/photo.do?key=${key}&lastMod=${Date.parse('2026-04-01T12:00:00.000Z')}`,
      profile: `${baseUrl}/profiles/atom/profile.do?key=${key}`,
      title: 'Διευθύντρια πωλήσεων',
      groupwareMail: 'eleni.groupware@example.org',
      department: 'Sales',
      telephone: '+30 21 0555 0201',
      building: 'A',
      floor: '2',
      street: 'Ερμού 5',
      street2: '2ος όροφος',
      locality: 'Αθήνα',
      region: 'Αττική',
      postalCode: '105 63',
      country: 'Greece',
    })
  })

  test('as profiles, each with a title, even if empty', async () => {
    const { text } = await get('connections.do?userid=ann&connectionType=colleague&outputType=profile&ps=250')
    const titles = entriesOf(parse(text)).map((entry) => profileOf(entry).title)
    expect(titles).toEqual([
      '',
      'デザイナー',
      'Chief Executive',
      '',
      'Διευθύντρια πωλήσεων',
      '研究员',
      'مدير',
      'Инженер',
    ])
  })

  test.each(['email=ann%40example.com,bo%40example.com', 'userid=ann,bo'])('in common: %s', async (people) => {
    const address = `connectionsInCommon.do?${people}&connectionType=colleague&outputType=connection`
    const { status, text } = await get(address)
    expect(status).toBe(200)
    const feed = parse(text)
    expect(countsOf(feed)).toEqual(['2', '1', '10'])
    expect(entriesOf(feed).map((entry) => connectionOf(entry).target.userid)).toEqual(['eleni', 'chen'])
  })
})

describe('whether two are colleagues', () => {
  test.each([
    'sourceEmail=bo%40example.com&targetEmail=eleni%40example.com',
    // Whatever has no @ is sent as a key.
    'sourceKey=bo&targetKey=eleni',
    'sourceKey=9c2b8c22-de68-4f23-a577-ad39a4396ae6&targetEmail=eleni%40example.com',
  ])('%s', async (people) => {
    const { status, text } = await get(`connection.do?${people}&connectionType=colleague`)
    expect(status).toBe(200)
    const entry = parse(text)
    expect(textAt(entry, '/a:entry/a:title')).toBe(eleni.name)
    const { id, source, target } = connectionOf(entry)
    expect({ id, source, target }).toEqual({ id: 'cd23586b-82e2-4dbc-a80a-a749fa3b0da7', source: bo, target: eleni })
  })

  test('they are not: 404 with a body that parses as its media type', async () => {
    const { status, headers, text } = await get('connection.do?sourceKey=bo&targetKey=lou&connectionType=colleague')
    expect([status, headers['content-type']]).toEqual([404, 'text/xml;charset=UTF-8'])
    expect(parse(text).name).toBe('error')
  })
})

test.each(['sdk-java-invite.xml', 'sdk-java-invite-without-namespace.xml'])(
  'an invitation is sent as plain text, and withdrawn by the id that the answer tells: %s',
  async (file) => {
    const invited = await cast.send('/profiles/atom/connections.do?email=haru%40example.com&connectionType=colleague', {
      method: 'POST',
      as: as('bo'),
      headers: { 'content-type': 'text/plain' },
      body: fixture(`requests/${file}`),
    })
    expect([invited.status, invited.headers['content-type'], invited.text]).toEqual([201, 'text/html', ''])
    const id = String(invited.headers.location).split('connectionId=')[1] as string

    const list = 'connections.do?connectionType=colleague&status=pending&inclMessage=true&outputType=connection'
    const { text } = await cast.send(`/profiles/atom/${list}`, { as: as('haru') })
    const [invitation] = entriesOf(parse(text)).map(connectionOf)
    expect(invitation).toMatchObject({ id, target: bo, content: 'Shall we <b>connect</b>? Bo &amp; co' })

    const path = `/profiles/atom/connection.do?connectionId=${id}`
    const deleted = await cast.send(path, { method: 'DELETE', as: as('bo') })
    expect([deleted.status, deleted.headers['content-type'], deleted.text]).toEqual([200, 'text/html', ''])
    expect((await cast.send(path, { as: as('bo') })).status).toBe(404)
  },
)
