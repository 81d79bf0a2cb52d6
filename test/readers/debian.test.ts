import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { castPassword, loadCast } from '../../src/transfer/example.js'
import { type Client, startClient } from '../support/client.js'
import { freshDatabase, type TestDatabase } from '../support/database.js'
import { installed } from '../support/installed.js'
import { testWith } from '../support/test-with.js'

/** Debian's feed readers poll a private list. The second poll transfers nothing. */

const exec = promisify(execFile)
let database: TestDatabase
let client: Client
let folder: string

beforeAll(async () => {
  database = await freshDatabase()
  await loadCast(database.db)
  // After the second of the last change: within it, a list has no Last-Modified.
  client = await startClient(database.db, { LOG_POLLS: 'all' }, () => new Date(Date.now() + 2_000))
  folder = await mkdtemp(join(tmpdir(), 'connections-readers-'))
})

afterAll(async () => {
  await client.close()
  await database.close()
  await rm(folder, { recursive: true })
})

const path = '/profiles/atom/connections.do?connectionType=colleague&status=pending'
const people = ['דליה כהן', 'जया शर्मा']

/** The statuses of a reader's requests during some work. */
async function answers(work: () => Promise<unknown>): Promise<number[]> {
  const before = client.logged().length
  await work()
  return client
    .logged()
    .slice(before)
    .map((line) => JSON.parse(line) as { msg: string; status: number })
    .filter(({ msg }) => msg === 'request')
    .map(({ status }) => status)
}

test('the list needs a sign-in', async () => {
  expect((await client.send(path)).status).toBe(401)
})

testWith(installed('newsboat'), 'newsboat reads it, and keeps what it read', async (newsboat) => {
  const urls = join(folder, 'urls')
  await writeFile(urls, `http://ann:${castPassword}@127.0.0.1:${client.port}${path}\n`)
  await writeFile(join(folder, 'config'), '')
  const files = ['-u', urls, '-c', join(folder, 'cache.db'), '-C', join(folder, 'config')]
  const options = { env: { ...process.env, HOME: folder } }
  const run = (command: string) => exec(newsboat, [...files, '-x', command], options)
  // The reader stores validators only for a feed that it knows already.
  expect(await answers(() => run('reload'))).toEqual([200])
  expect(await answers(() => run('reload'))).toEqual([200])
  expect((await run('print-unread')).stdout).toBe('2 unread articles\n')
  expect(await answers(() => run('reload'))).toEqual([304])
  expect((await run('print-unread')).stdout).toBe('2 unread articles\n')
})

testWith(installed('sfeed_update'), 'sfeed reads it, and keeps what it read', async (update) => {
  const settings = join(folder, 'sfeedrc')
  const tag = join(folder, 'etag')
  await writeFile(
    settings,
    `sfeedpath="${folder}"
     fetch() { curl -fsS -u "ann:${castPassword}" --etag-save "${tag}" --etag-compare "${tag}" "$2"; }
     feeds() { feed network "http://127.0.0.1:${client.port}${path}"; }\n`,
  )
  const titles = async () => {
    const lines = (await readFile(join(folder, 'network'), 'utf8')).trim().split('\n')
    return lines.map((line) => line.split('\t')[1]).sort()
  }
  expect(await answers(() => exec(update, [settings]))).toEqual([200])
  expect(await titles()).toEqual(people)
  expect(await answers(() => exec(update, [settings]))).toEqual([304])
  expect(await titles()).toEqual(people)
})

/** Debian installs the library for its own Python, even if another precedes it in PATH. */
function feedparserHere(): string | undefined {
  const python = '/usr/bin/python3'
  return existsSync('/usr/lib/python3/dist-packages/feedparser') ? python : undefined
}

const feedparser = `
import json, sys, feedparser
first = feedparser.parse(sys.argv[1])
second = feedparser.parse(sys.argv[1], etag=first.etag, modified=first.modified)
dated = feedparser.parse(sys.argv[1], modified=first.modified)
print(json.dumps({
  'statuses': [first.status, second.status, dated.status],
  'bozo': int(first.bozo),
  'titles': sorted(entry.title for entry in first.entries),
  'pages': [entry.link for entry in first.entries],
}))
`

testWith(feedparserHere(), 'feedparser finds it well-formed, and keeps what it read', async (python) => {
  const address = `http://ann:${castPassword}@127.0.0.1:${client.port}${path}`
  const { stdout } = await exec(python, ['-c', feedparser, address])
  expect(JSON.parse(stdout)).toEqual({
    statuses: [200, 304, 304],
    bozo: 0,
    titles: people,
    pages: people.map(() => expect.stringContaining('/profiles/html/profileView.do?key=') as unknown),
  })
})
