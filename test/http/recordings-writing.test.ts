import { setPassword } from '../../src/identity/credential-store.js'
import { findAccount } from '../../src/people/store.js'
import { importFiles } from '../../src/transfer/import.js'
import { type Answer, type Client, type Sending, startClient } from '../support/client.js'
import { freshDatabase, type TestDatabase } from '../support/database.js'
import { connectionEntry } from '../support/entries.js'
import { haveRecordings, recording, recordingPath } from '../support/files.js'
import { withoutPageLink } from '../support/recorded.js'
import { addPerson, disconnect, signInSecret } from '../support/world.js'
import { all, child, type Element, meaning, parse } from '../support/xml.js'

/**
 * Recorded answers of real servers to invitations, checks and refusals. Ours are the same, except for our own parts.
 */

const files = {
  invited: '01-invite-201.http',
  checked: '02-check-colleague-unconfirmed-200.http',
  deleted: '03-delete-invite-200.http',
  invitedAgain: '04-invite-duplicate-400.http',
  forbidden: '08-forbidden-403.http',
}

interface Recorded {
  status: number
  headers: Record<string, string>
  text: string
}

function recorded(name: string): Recorded {
  const [head = '', ...rest] = Buffer.from(recording(name) as Uint8Array)
    .toString()
    .split('\n\n')
  const [statusLine = '', ...fields] = head.split('\n')
  const parts = fields.map((field) => [field.split(': ')[0]?.toLowerCase(), field.replace(/^[^:]*: /, '')] as const)
  return {
    status: Number(statusLine.split(' ')[1]),
    headers: Object.fromEntries(parts) as Record<string, string>,
    text: rest.join('\n\n').trim(),
  }
}

/** The parts of the head that clients read, with one id in place of all generated ones. */
const headOf = ({ status, headers }: Answer | Recorded) => ({
  status,
  type: headers['content-type'],
  location: String(headers['location']).replace(uuid, 'ID'),
  connection: [headers['x-profiles-connection-type'], headers['x-profiles-connection-status']],
})

const uuid = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g

/** The content of an error. The recorded ones have extra white space, and our message is longer. */
const errorOf = (root: Element, message: string) => ({
  name: `{${root.uri}}${root.name}`,
  parts: root.children.map(({ name, text }) => [name, name === 'message' ? text.includes(message) : text.trim()]),
})

if (!haveRecordings) {
  test('the comparison is omitted without the recordings of writes', () => {
    expect(recording(files.invited)).toBeUndefined()
  })
} else {
  describe('recorded answers to writes', () => {
    const frank = 'fadams@renovations.com'
    const bill = 'bjordan@renovations.com'
    let database: TestDatabase
    let client: Client

    beforeAll(async () => {
      database = await freshDatabase()
      const { db } = database
      await importFiles(db, [recordingPath(files.checked)])
      await withdraw()
      for (const email of [frank, bill]) {
        const account = await findAccount(db, { by: 'email', value: email })
        if (!account) throw new Error(`${email} was not brought in`)
        await setPassword(db, account.id, signInSecret)
      }
      await addPerson(db, 'third', { password: signInSecret })
      client = await startClient(db, { BASE_URL: 'https://dev.sdkdemo.com:444' })
    })
    afterEach(() => withdraw())
    afterAll(async () => {
      await client.close()
      await database.close()
    })

    async function withdraw() {
      const row = await database.db.selectFrom('colleague').select('id').executeTakeFirst()
      if (row) await disconnect(database.db, row.id)
    }

    const send = (address: string, name: string, more: Sending = {}) =>
      client.send(`/profiles/atom/${address}`, { as: `${name}:colleagues`, ...more })
    const invite = () =>
      send(`connections.do?connectionType=colleague&email=${encodeURIComponent(bill)}`, frank, {
        method: 'POST',
        headers: { 'content-type': 'text/plain' },
        body: connectionEntry('pending'),
      })
    const idIn = ({ headers }: Answer) => String(headers.location).slice(-36)

    test('an invitation (recording 01)', async () => {
      const answer = await invite()
      const original = recorded(files.invited)
      expect(headOf(answer)).toEqual(headOf(original))
      expect(answer.headers['content-length']).toBe(original.headers['content-length'])
      expect(answer.text).toBe(original.text)
    })

    test('the new connection of the two people (recording 02)', async () => {
      const invited = await invite()
      const people = [`sourceEmail=${encodeURIComponent(frank)}`, `targetEmail=${encodeURIComponent(bill)}`]
      const answer = await send(`connection.do?connectionType=colleague&${people.join('&')}`, frank)
      const original = recorded(files.checked)
      expect(headOf(answer)).toEqual(headOf(original))
      expect(child(parse(answer.text), 'id').text).not.toContain(idIn(invited))
      // Generated ids, dates, and the sentence of the summary.
      const entry = (text: string) =>
        meaning(
          parse(
            text
              .replace(uuid, 'ID')
              .replace(/<updated>[^<]*/, '<updated>')
              .replace(/(<summary type="text">)[^<]*/, '$1'),
          ),
        )
      expect(entry(withoutPageLink(answer.text))).toEqual(entry(original.text))
      expect(answer.text).toContain('<summary type="text">Frank Adams invited Bill Jordan to connect.</summary>')
    })

    test('the withdrawal by the id of the invitation (recording 03)', async () => {
      const answer = await send(`connection.do?connectionId=${idIn(await invite())}`, frank, { method: 'DELETE' })
      const original = recorded(files.deleted)
      expect(headOf(answer)).toEqual(headOf(original))
      expect(answer.headers['content-length']).toBe(original.headers['content-length'])
      expect(answer.text).toBe(original.text)
    })

    test('a second invitation (recording 04)', async () => {
      await invite()
      expectError(await invite(), files.invitedAgain)
    })

    test('a change by a third person (recording 08)', async () => {
      const address = `connection.do?connectionId=${idIn(await invite())}`
      const answer = await send(address, 'third', { method: 'PUT', body: connectionEntry('accepted') })
      expectError(answer, files.forbidden)
    })

    function expectError(answer: Answer, name: string) {
      const original = recorded(name)
      expect(headOf(answer)).toEqual(headOf(original))
      const [document, expected] = [parse(answer.text), parse(original.text)]
      const [message] = all(expected, 'message').map(({ text }) => text.trim())
      expect(message).toMatch(/^CLFRN11\d\dE: /)
      expect(errorOf(document, message as string)).toEqual(errorOf(expected, message as string))
      expect(child(document, 'message').text.startsWith(`${message} `)).toBe(true)
    }
  })
}
