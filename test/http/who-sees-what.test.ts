import { as, servedCast } from '../support/served-cast.js'

/** Every list for every caller in every form, compared with the expected access (docs/trust.md, Z2). */

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

/** The first lines of the messages of each person's sent and received invitations. Other people may not see them. */
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

/** A text of XML or HTML with `>` not escaped, since writers may escape it or not. */
const unfolded = (text: string) => text.replaceAll('&gt;', '>')

const expected = (caller: string | undefined, subject: string, status: string): number => {
  if (status === 'accepted') return subject === 'who-is-not-there' ? 400 : 200
  if (caller === undefined) return 401
  return caller === subject ? 200 : 403
}

describe.each(forms)('as %s (Z2)', (form, more, headers) => {
  test.each(callers)('%s sees own lists only, and refusals reveal nothing', async (caller) => {
    for (const status of statuses) {
      const refusals = new Set<string>()
      for (const subject of subjects) {
        const sending = { headers, ...(caller !== undefined && { as: as(caller) }) }
        const answer = await send(`${list}&status=${status}&userid=${subject}${more}`, sending)
        const wanted = expected(caller, subject, status)
        // A browser is redirected to the sign-in.
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
      // A refusal is the same for a missing person, an empty list and a full list.
      expect(refusals.size).toBeLessThanOrEqual(1)
    }
  })
})

test('the example network has messages, and their two people see them (Z2)', () => {
  expect(messages['ann']).toContain('Please &lt;em>accept&lt;/em>.')
  expect(messages['dalia']).toContain('Please &lt;em>accept&lt;/em>.')
  expect(messages['bo']).toEqual([])
})
