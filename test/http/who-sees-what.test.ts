import { as, servedCast } from '../support/served-cast.js'

/** Every list of everybody, asked for by everybody in every form, against what may be (docs/trust.md, Z2). */

const { send } = servedCast()
const list = '/profiles/atom/connections.do?connectionType=colleague'
const callers = [undefined, 'ann', 'bo', 'dalia', 'lou'] as const
const subjects = ['ann', 'bo', 'dalia', 'lou', 'who-is-not-there'] as const
const statuses = ['accepted', 'pending', 'unconfirmed'] as const
const forms = [
  ['connections', '&inclMessage=true', {}],
  ['hCards', '&outputType=profile&format=full', {}],
  ['vCards', '&outputType=profile&output=vcard&format=lite', {}],
  ['a page', '', { accept: 'text/html' }],
] as const

/**
 * The first lines of the messages that go with the invitations of each, asked or asking: of nobody else may they be
 * seen.
 */
const messages: Record<string, string[]> = {}
beforeAll(async () => {
  for (const name of subjects.slice(0, -1)) {
    const texts = ['pending', 'unconfirmed'].map((status) =>
      send(`${list}&status=${status}&inclMessage=true&ps=250`, { as: as(name) }),
    )
    messages[name] = (await Promise.all(texts)).flatMap(({ text }) =>
      [...unfolded(text).matchAll(/<content type="html">(?!<\/content>)(.+?)(?:\n|<\/content>)/g)].map(
        ([, line = '']) => line,
      ),
    )
  }
})

/** A text of XML or HTML, the same whether or not its writer escapes `>`, which either may. */
const unfolded = (text: string) => text.replaceAll('&gt;', '>')

const expected = (caller: string | undefined, subject: string, status: string): number => {
  if (status === 'accepted') return subject === 'who-is-not-there' ? 400 : 200
  if (caller === undefined) return 401
  return caller === subject ? 200 : 403
}

describe.each(forms)('Z2: as %s', (form, more, headers) => {
  test.each(callers)('%s sees what is theirs, and is told nothing by what is not', async (caller) => {
    for (const status of statuses) {
      const refusals = new Set<string>()
      for (const subject of subjects) {
        const sending = { headers, ...(caller !== undefined && { as: as(caller) }) }
        const answer = await send(`${list}&status=${status}&userid=${subject}${more}`, sending)
        const wanted = expected(caller, subject, status)
        // A browser is led to sign in.
        expect([subject, status, answer.status]).toEqual([
          subject,
          status,
          wanted === 401 && form === 'a page' ? 303 : wanted,
        ])
        if (wanted === 401 || wanted === 403) {
          const { date, location, ...fields } = answer.headers
          expect([typeof date, location?.replaceAll(subject, '')]).toEqual([
            'string',
            location?.replaceAll(subject, ''),
          ])
          refusals.add(JSON.stringify([fields, answer.text]))
        }
        for (const message of Object.values(messages).flat()) {
          if (caller !== undefined && messages[caller]?.includes(message)) continue
          expect(unfolded(answer.text)).not.toContain(message)
        }
      }
      // Whether somebody is not there, or has nothing, or has much: it is refused in the same words.
      expect(refusals.size).toBeLessThanOrEqual(1)
    }
  })
})

test('Z2: there are messages to be kept, and their own two see them', () => {
  expect(messages['ann']).toContain('Please &lt;em>accept&lt;/em>.')
  expect(messages['dalia']).toContain('Please &lt;em>accept&lt;/em>.')
  expect(messages['bo']).toEqual([])
})
