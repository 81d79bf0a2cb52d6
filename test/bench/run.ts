import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { PGlite } from '@electric-sql/pglite'
import pg from 'pg'
import { pino } from 'pino'
import { readConfig } from '../../src/config.js'
import { pageQuery, readPage } from '../../src/connections/list-store.js'
import { openEmbedded } from '../../src/db/embedded.js'
import { migrate } from '../../src/db/migrate.js'
import { createApp } from '../../src/http/app.js'
import { freshDatabase, serverUrl } from '../support/database.js'
import { newestFirst } from '../support/people.js'
import { addPerson, connect } from '../support/world.js'
import { flooding } from './flood.js'
import { type Pair, ratio } from './measure.js'
import { polling } from './polling.js'
import { serialising } from './serialising.js'

/** A fresh database, and the same statements sent to it without anything between. */
async function openWorld() {
  if (serverUrl !== undefined) {
    const database = await freshDatabase()
    const pool = new pg.Pool({ connectionString: database.url })
    const query = (text: string, values: unknown[]) => pool.query(text, values)
    return { ...database, query, close: () => pool.end().then(() => database.close()) }
  }
  const pglite = await PGlite.create()
  const database = openEmbedded(pglite)
  await migrate(database.db)
  return { ...database, query: (text: string, values: unknown[]) => pglite.query(text, values) }
}

const world = await openWorld()
const owner = await addPerson(world.db, 'owner')
for (let index = 0; index < 60; index++) {
  const peer = await addPerson(world.db, `p${index}`, { profile: { title: 'Engineer', city: 'Ulm', workPhone: '1' } })
  await connect(world.db, owner, peer, 'accepted', { updated: new Date(Date.UTC(2026, 1, 1) + index) })
}

const config = readConfig({
  BASE_URL: 'https://connections.example',
  ANONYMOUS_PER_MINUTE: '1000000',
  LOG_LEVEL: 'silent',
})
const log = pino({ level: 'silent' })
const app = createApp({
  db: world.db,
  config,
  baseUrl: config.BASE_URL ?? '',
  sessionKeys: ['bench'],
  log,
  release: 'bench',
  now: () => new Date(),
  // Its clients are in this process too, and all of them must be answered.
  loopDelay: () => 0,
})
const server = createServer(app)
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
server.keepAliveTimeout = 0
const { port } = server.address() as AddressInfo
const path = '/profiles/atom/connections.do?connectionType=colleague&userid=owner'
const polls = await polling({ port, path })

const { sql, parameters } = pageQuery([{ list: { ownerId: owner }, request: newestFirst }])
const pageRead: Pair = {
  name: 'page of 10 entries: our query / the same SQL sent directly',
  ours: () => readPage(world.db, { ownerId: owner }, newestFirst),
  theirs: () => world.query(sql, [...parameters]),
  least: 0.6,
}

let enough = true
const kind = serverUrl === undefined ? 'embedded database' : 'Postgres server'
process.stdout.write(`| ${kind} | times as fast | at least |\n| --- | --- | --- |\n`)
for (const pair of [serialising(), polls, pageRead]) {
  const measured = await ratio(pair)
  enough &&= measured >= pair.least
  process.stdout.write(`| ${pair.name} | ${measured.toFixed(2)} | ${pair.least} |\n`)
}
polls.close()
server.close()
await world.close()

const atMost = 3
process.stdout.write(
  '\n| p99 of polls with | quiet, ms | flooded, ms | times as long | at most |\n| --- | --- | --- | --- | --- |\n',
)
for (const { name, quiet, flooded } of await flooding()) {
  enough &&= flooded / quiet <= atMost
  const cells = [name, quiet.toFixed(1), flooded.toFixed(1), (flooded / quiet).toFixed(2), atMost]
  process.stdout.write(`| ${cells.join(' | ')} |\n`)
}
process.exitCode = enough ? 0 : 1
