import fc from 'fast-check'
import { htmlOf } from '../../src/atom/content.js'
import { failureDocument } from '../../src/atom/documents.js'
import { escapeAttribute, escapeText, isXmlText } from '../../src/atom/escape.js'
import { atomWriter } from '../../src/atom/writer.js'
import { textFieldNames } from '../../src/people/fields.js'
import { account, accountOf, colleague } from '../support/people.js'
import { all, child, type Element, parse } from '../support/xml.js'

const writer = atomWriter('https://connections.example')
const anything = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({
    unit: fc.constantFrom('&', '<', '>', '"', "'", ';', '#', '\r', '\n', '\t', ']', '\0', '\ud800', '\uffff', 'x'),
  }),
  fc.constantFrom(
    '&copy;',
    '&#1;',
    '&amp;amp;',
    '<script>',
    ']]>',
    '<!--',
    '«text:name»',
    '«markup:person»',
    '$&',
    'toString',
  ),
)

/** The expected result of a conforming parser: unchanged, except for characters that XML 1.0 forbids. */
const carried = (text: string) =>
  // eslint-disable-next-line no-control-regex -- matches the characters that XML forbids
  text.toWellFormed().replaceAll(/[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g, '\ufffd')

const divs = (element: Element): Element[] => [element, ...element.children.flatMap(divs)]

test('escaped text and attributes come back from an independent parser as they were', () => {
  fc.assert(
    fc.property(anything, (text) => {
      const root = parse(`<a b="${escapeAttribute(text)}">${escapeText(text)}</a>`)
      expect(root.text).toBe(carried(text))
      expect(root.attributes['b']).toBe(carried(text))
      expect(isXmlText(text)).toBe(carried(text) === text)
    }),
    { numRuns: 2000 },
  )
})

describe('stored texts come back unchanged', () => {
  test('in a connection entry', () => {
    fc.assert(
      fc.property(anything, (text) => {
        const message = htmlOf(text)
        const entry = parse(writer.connections.document(colleague(account(), accountOf(text), { message }), true))
        expect(child(entry, 'title').text).toBe(carried(text))
        expect(child(entry, 'content').text).toBe(message)
        const target = all(child(entry, 'connection'), 'contributor')[1] as Element
        for (const name of ['name', 'userid', 'email']) expect(child(target, name).text).toBe(carried(text))
      }),
    )
  })

  test('in an hCard', () => {
    fc.assert(
      fc.property(anything, (text) => {
        const document = writer.profiles.document(accountOf(text), { output: 'hcard', format: 'full' })
        const entry = parse(document)
        const tag = all(entry, 'category').find(({ attributes }) => !('scheme' in attributes))
        expect(tag?.attributes['term']).toBe(carried(text))
        const leaves = divs(child(entry, 'content')).filter(
          ({ children, attributes }) => children.length === 0 && attributes['class'],
        )
        const fixed = ['photo', 'type', 'x-is-manager', 'x-profile-key', 'rev']
        for (const { text: shown, attributes } of leaves) {
          if (!fixed.includes(attributes['class'] as string)) expect(shown).toBe(carried(text))
        }
        const link = leaves.find(({ attributes }) => attributes['class'] === 'email')
        expect(link?.attributes['href']).toBe(`mailto:${carried(text).replaceAll(/[%?&#]/g, encodeURIComponent)}`)
        expect(leaves.length).toBeGreaterThan(textFieldNames.length)
      }),
    )
  })

  test('in a vCard, on one line each', () => {
    fc.assert(
      fc.property(
        anything.filter((text) => text !== ''),
        (text) => {
          const shown = child(
            parse(writer.profiles.document(accountOf(text), { output: 'vcard', format: 'full' })),
            'content',
          ).text
          const plain = child(
            parse(writer.profiles.document(accountOf('x'), { output: 'vcard', format: 'full' })),
            'content',
          ).text
          const flat = carried(text.replaceAll(/\r\n|[\n\v\f\r\u0085\u2028\u2029]/g, ' '))
          const part = flat.replaceAll(';', ',')
          const lines = shown.split('\n')
          expect(lines).toHaveLength(plain.split('\n').length)
          expect(lines).toContain(`FN:${flat}`)
          expect(lines).toContain(`N:${part};${part}`)
          expect(lines).toContain(`ADR;WORK:;;${Array(6).fill(part).join(';')}`)
          expect(lines).toContain(`X_EXPERIENCE:${flat}`)
          expect(lines[0]).toBe('')
          expect(lines.slice(-2)).toEqual(['END:VCARD', ''])
        },
      ),
    )
  })

  test('in a feed and in an error', () => {
    fc.assert(
      fc.property(anything, (text) => {
        const numbers = { totalResults: 1, startIndex: 2, itemsPerPage: 3, pendingInvitations: undefined }
        const feed = parse(
          writer.feed({ id: text, title: text, updated: new Date(0), ...numbers, links: { self: text }, entries: [] }),
        )
        expect(child(feed, 'title').text).toBe(carried(text))
        expect(child(feed, 'link').attributes['href']).toBe(carried(text))
        expect(child(parse(failureDocument('400', text)), 'message').text).toBe(carried(text))
      }),
    )
  })
})

test('unknown values are left out of a person, empty values stay empty in a card', () => {
  const unknown = account({ email: null, external: null, login: null })
  const entry = parse(writer.profiles.document(unknown, { output: 'hcard', format: 'full' }))
  expect(child(entry, 'contributor').children.map(({ name }) => name)).toEqual(['name', 'userid', 'userState'])
  const classes = divs(child(entry, 'content')).map(({ attributes }) => attributes['class'])
  expect(classes).toContain('x-employee-number')
  expect(classes).not.toContain('adr work postal')
  expect(classes).not.toContain('email')
})

test.each([
  ['unconfirmed', 'Ann invited Bo to connect.', true],
  ['pending', 'Bo invited Ann to connect.', false],
  ['accepted', 'Ann and Bo are colleagues.', true],
] as const)('author, contributor, source and target of an entry: %s', (status, summary, byOwner) => {
  const owner = account()
  const peer = account({ name: 'Bo', userId: 'bo' })
  const inviter = byOwner ? owner : peer
  const changedBy = status === 'accepted' ? peer : inviter
  const entry = parse(writer.connections.document(colleague(owner, peer, { status, inviter, changedBy }), false))
  const userIds = (element: Element) => child(element, 'userid').text
  expect(child(entry, 'title').text).toBe('Bo')
  expect(child(entry, 'summary').text).toBe(summary)
  expect(userIds(child(entry, 'author'))).toBe(inviter.userId)
  expect(userIds(child(entry, 'contributor'))).toBe(changedBy.userId)
  expect(all(child(entry, 'connection'), 'contributor').map(userIds)).toEqual(['ann', 'bo'])
})
