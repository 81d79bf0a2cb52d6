import { type Ask, npmClient } from '../support/npm-client.js'
import { servedProcess } from '../support/served-process.js'

/** The npm client itself (docs/wire.md, What each client needs), against a server that runs as it always does. */

const base = servedProcess()
const as = (name: string, authType?: string) => npmClient(base(), name, authType)

interface Networks {
  totalResults: number
  networkConnections: Record<string, object>
}
const networks = (ask: Ask, query: object, options?: object) =>
  ask('getNetworkConnections', query, options) as Promise<Networks>

const byName = ['greta', 'kit', 'max', 'eleni', 'bo', 'farid', 'haru', 'chen']

describe('a network', () => {
  test.each(['', 'basic', 'oauth', 'saml', 'cookie'])('read with authType "%s"', async (authType) => {
    const network = await networks(as('bo', authType), { userid: 'bo' })
    const self =
      'connections.do?connectionType=colleague&outputType=connection&page=1&userid=bo' +
      '&output=vcard&format=lite&sortBy=displayName&sortOrder=asc'
    expect(network).toMatchObject({
      totalResults: 3,
      startIndex: 1,
      itemsPerPage: 10,
      paginationLinks: { self: { rel: 'self', href: `${base()}/profiles/atom/${self}` } },
    })
    expect(Object.keys(network.networkConnections)).toEqual(['ann', 'eleni', 'chen'])
    const one = `${base()}/profiles/atom/connection.do?connectionId=cd23586b-82e2-4dbc-a80a-a749fa3b0da7`
    const page = `${base()}/profiles/html/profileView.do?key=7007beaa-cf59-48d6-a06e-6bdca3e7a6b0`
    expect(network.networkConnections['eleni']).toEqual({
      id: 'cd23586b-82e2-4dbc-a80a-a749fa3b0da7',
      updated: Date.parse('2026-04-05T09:00:00.000Z'),
      summary: 'Борис Иванов and Ελένη Παπαδοπούλου are colleagues.',
      message: '',
      contributor: {
        name: 'Ελένη Παπαδοπούλου',
        userId: 'eleni',
        state: 'active',
        email: 'eleni@example.com',
        // The client takes any text for true.
        external: true,
      },
      categories: { type: 'connection', connectionType: 'colleague', status: 'accepted' },
      links: {
        self: { rel: 'self', type: 'application/atom+xml', href: one },
        edit: { rel: 'edit', type: 'application/atom+xml', href: `${one}&inclMessage=true` },
        // A link that the client knows nothing of.
        undefined: { rel: 'alternate', type: 'text/html', href: page },
      },
    })
  })

  test('page by page', async () => {
    const pages = [1, 2, 3].map(async (page) => {
      const { networkConnections } = await networks(as('ann'), { userid: 'ann', page, ps: 3 })
      return Object.keys(networkConnections)
    })
    expect((await Promise.all(pages)).flat()).toEqual(byName)
  })

  test('all at once', async () => {
    const network = await networks(as('ann'), { key: '87e6f815-95b6-49c7-a16b-3021a32a7420' }, { fetchAll: true })
    expect(Object.keys(network.networkConnections)).toEqual(byName)
    expect(network).toMatchObject({ totalResults: 8, itemsPerPage: undefined, paginationLinks: undefined })
  })

  test('by the latest change', async () => {
    const network = await networks(as('ann'), { email: 'bo@example.com', sortBy: 'modified', sortOrder: 'desc' })
    expect(Object.keys(network.networkConnections)).toEqual(['eleni', 'chen', 'ann'])
  })

  test('of an unknown person', async () => {
    await expect(networks(as('ann'), { userid: 'nobody' })).rejects.toThrow('The request is invalid')
  })
})

test.each([
  ['ann', 'bo', 'accepted'],
  ['ann', 'ivo', 'unconfirmed'],
  ['ann', 'jaya', 'pending'],
  ['ann', 'lou', false],
])('the state between %s and %s is %s', async (sourceUserid, targetUserid, state) => {
  expect(await as('ann')('getNetworkState', { sourceUserid, targetUserid })).toBe(state)
})

describe('an invitation', () => {
  const stateOf = (targetUserid: string) => as('kit')('getNetworkState', { sourceUserid: 'kit', targetUserid })

  test.each<[string, string, object, string]>([
    ['of text', 'bo', { message: 'Hello Bo' }, 'Hello Bo'],
    ['of markup, which it does not escape', 'chen', { message: 'Hello <b>Chen</b>' }, 'Hello <b>Chen</b>'],
    ['left out, for which it sends a word', 'eleni', {}, 'undefined'],
  ])('with a message %s', async (_name, invited, options, message) => {
    expect(await as('kit')('inviteNetworkContact', { userid: invited }, options)).toBe('pending')
    expect(await stateOf(invited)).toBe('unconfirmed')
    const list = `connections.do?connectionType=colleague&status=pending&inclMessage=true&userid=${invited}`
    const authorization = `Basic ${Buffer.from(`${invited}:colleagues`).toString('base64')}`
    const answer = await fetch(`${base()}/profiles/atom/${list}`, { headers: { authorization } })
    const escaped = message.replaceAll('<', '&lt;').replaceAll('>', '&gt;')
    expect(await answer.text()).toContain(`<content type="html">${escaped}</content>`)
  })

  test.each([
    ['of somebody invited already', 'ivo', 'ann', 'Hello'],
    ['with a message that makes broken XML', 'lou', 'kit', 'this & that'],
  ])('%s is refused, and the client takes it for a repetition', async (_name, userid, name, message) => {
    await expect(as(name)('inviteNetworkContact', { userid }, { message })).rejects.toMatchObject({
      message: 'A pending invitation exists already',
      httpStatus: 400,
    })
  })
})
