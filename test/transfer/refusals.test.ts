import { importFiles } from '../../src/transfer/import.js'
import { importFixture } from '../support/import-fixture.js'
import { account, colleague, connectionDocument, contents, jsonLines } from './files.js'

const { database, folder } = importFixture()
beforeEach(async () => {
  await importFiles(database.db, [await folder.write('before.jsonl', jsonLines(...before))])
})

const key = '368771b6-89d1-438b-9d38-21bcec5a64af'
const before = [account('ann', { key, login: 'ann.desk' }), account('bo'), account('cy'), colleague('ann', 'bo', 1)]

const lines = (...all: (object | string)[]) =>
  all.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n')
const good = account('new')

const refused: [why: string, content: string | Uint8Array, message: RegExp][] = [
  ['what is not JSON', lines(good, '', '{"account":'), /FILE, line 3: not JSON/],
  ['an unknown kind', lines(good, { person: {} }), /FILE, line 2: Unrecognized key: "person"/],
  ['no kind at all', lines({}), /FILE, line 1: neither an account nor a colleague/],
  ['two kinds at once', lines({ ...good, ...colleague('ann', 'cy', 2) }), /FILE, line 1: more than one of account,/],
  [
    'another version of the format',
    lines({ connections: { version: 2 } }),
    /line 1: connections\.version: this format version/,
  ],
  [
    'a missing value',
    lines({ account: { name: 'X', updated: '2026-01-01T00:00:00Z' } }),
    /line 1: account\.userId: missing/,
  ],
  ['a name that is emptied', lines(account('x', { name: null })), /line 1: account\.name: .* received null/],
  ['a key that is emptied', lines(account('x', { key: null })), /line 1: account\.key: not a UUID/],
  ['an empty name', lines(account('x', { name: ' \n ' })), /line 1: account\.name: empty/],
  [
    'an unknown profile field',
    lines(account('x', { profile: { shoe: '42' } })),
    /account\.profile: Unrecognized key: "shoe"/,
  ],
  ['a key that is no UUID', lines(account('x', { key: 'x' })), /line 1: account\.key: not a UUID/],
  [
    'a date without time',
    lines(account('x', { updated: '2026-01-01' })),
    /line 1: account\.updated: not a date and time/,
  ],
  [
    'a date that lies ahead',
    lines(good, account('x', { updated: '2999-01-01T00:00:00Z' })),
    /line 2: account\.updated: a date in the future/,
  ],
  [
    'a control character',
    lines(good, account('x', { name: 'a\u0001b' })),
    /line 2: account\.name: contains a character/,
  ],
  [
    'half a surrogate pair',
    lines(account('x', { profile: { title: '\ud800' } })),
    /account\.profile\.title: contains a char/,
  ],
  ['a name that is too long', lines(account('x', { name: 'a'.repeat(257) })), /account\.name: longer than 256/],
  ['a field that is too long', lines(account('x', { profile: { title: 'a'.repeat(65_537) } })), /longer than 65536/],
  ['a message that is too long', lines(colleague('bo', 'cy', 2, { message: 'a'.repeat(4001) })), /longer than 4000/],
  [
    'a line that is too long',
    lines(good, `{"x":"${'a'.repeat(1024 * 1024)}"}`),
    /line 2: the line is longer than 1 MiB/,
  ],
  ['a line that never ends', lines(good, 'a'.repeat(3 * 1024 * 1024)), /line 2: the line is longer than 1 MiB/],
  ['what is not UTF-8', Buffer.from([...Buffer.from('{"account":"'), 0xff]), /line 1: not UTF-8/],
  ['a file of another kind', 'name,email\n', /FILE: neither a directory file nor a recorded document/],
  ['an empty file', ' \n', /FILE: neither a directory file nor a recorded document/],
  ['a document that is not well-formed', '<feed>', /FILE: /],
  [
    'an unknown user id',
    lines(good, colleague('ann', 'nobody', 2)),
    /line 2: There is no account with the user id nobody/,
  ],
  [
    'a connection with oneself',
    lines(colleague('ann', 'ann', 2)),
    /line 1: A person cannot be connected with themselves/,
  ],
  [
    'a third person as the last changer',
    lines(colleague('ann', 'cy', 2, { changedBy: 'bo' })),
    /neither the inviter nor/,
  ],
  ['an entry id of another pair', lines(colleague('bo', 'cy', 1)), /line 1: \S+0001 is the id of another entry/],
  [
    'one entry id for two pairs',
    lines(colleague('bo', 'cy', 2), colleague('cy', 'ann', 2)),
    /line 2: \S+0002 is the id of/,
  ],
  [
    'the entry id of the other side',
    lines(colleague('bo', 'ann', 1, {}, 9)),
    /line 1: \S+0001 is the id of another entry/,
  ],
  [
    'a recorded status that contradicts its author',
    connectionDocument({
      ...{ id: 5, source: 'bo', target: 'cy', status: 'unconfirmed', author: 'cy', contributor: 'cy', on: 1 },
    }),
    /FILE, entry 1 .*: The status unconfirmed contradicts the inviter/,
  ],
  [
    'a recorded user id that is too long',
    connectionDocument({
      ...{ id: 5, source: 'b'.repeat(257), target: 'cy', status: 'accepted', author: 'cy', contributor: 'cy', on: 1 },
    }),
    /FILE, entry 1 .*: userId: longer than 256/,
  ],
]

test.each(refused)('refused with place and reason, importing nothing: %s', async (_, content, message) => {
  const stored = await contents(database.db)
  const first = await folder.write('good.jsonl', jsonLines(account('early'), colleague('early', 'cy', 77)))
  const path = await folder.write('bad', content)
  const failure = await importFiles(database.db, [first, path]).catch((error: unknown) => error)
  expect(failure).toMatchObject({ name: 'Failure', code: 'invalid' })
  expect((failure as Error).message.replace(path, 'FILE')).toMatch(message)
  expect(await contents(database.db)).toEqual(stored)
})
