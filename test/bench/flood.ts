import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { Kysely } from 'kysely'
import { migrate } from '../../src/db/migrate.js'
import { openDatabase } from '../../src/db/open.js'
import type { Tables } from '../../src/db/tables.js'
import { setPassword } from '../../src/identity/credential-store.js'
import { hashPassword } from '../../src/identity/password.js'
import { findAccount } from '../../src/people/store.js'
import { loadCast } from '../../src/transfer/example.js'
import { appPasswordOf } from '../support/app-passwords.js'
import { freshDatabase, serverUrl } from '../support/database.js'
import { startServers, stopServers } from '../support/servers.js'
import { reader } from './polling.js'

/** Of `ann`: a server behind a proxy takes that of the example people away. */
const password = 'only for measuring'
const path = '/profiles/atom/connections.do?connectionType=colleague'
const rounds = 4
const polls = 150
/** Several times as many as there are cores to hash them, each for another name and from another address. */
const guessesASecond = 60

const basic = (name: string, password: string) =>
  `Authorization: Basic ${Buffer.from(`${name}:${password}`).toString('base64')}\r\n`

interface Place {
  readonly environment: Record<string, string>
  readonly app: { readonly secret: string }
  readonly close: () => Promise<void>
}

/** The cast in a database for a separate server process, with an app password of a member. */
async function openPlace(): Promise<Place> {
  if (serverUrl !== undefined) {
    const database = await freshDatabase()
    const { db, url = '' } = database
    return { environment: { DATABASE_URL: url }, app: await fill(db), close: () => database.close() }
  }
  const folder = await mkdtemp(join(tmpdir(), 'connections-flood-'))
  const database = await openDatabase({ databaseUrl: undefined, dataDir: folder }, () => {})
  await migrate(database.db)
  const app = await fill(database.db)
  await database.close()
  return { environment: { DATA_DIR: folder }, app, close: () => rm(folder, { recursive: true }) }
}

/** Puts the cast there, of whom `ann` can sign in. Returns an app password of hers. */
async function fill(db: Kysely<Tables>): Promise<{ readonly secret: string }> {
  await loadCast(db)
  const ann = await findAccount(db, { by: 'userId', value: 'ann' })
  await setPassword(db, ann?.id as string, await hashPassword(password))
  return appPasswordOf(db, 'ann')
}

/** The 99th percentile of polls, in milliseconds. */
const p99 = (times: number[]) => times.sort((a, b) => a - b)[Math.floor(times.length * 0.99)] as number

export interface Flooded {
  readonly name: string
  readonly quiet: number
  readonly flooded: number
}

/**
 * How long a reader waits for a poll while nobody else asks, and while others guess passwords; by turns, so that
 * whatever else the machine does meets both alike.
 */
export async function flooding(): Promise<Flooded[]> {
  const place = await openPlace()
  const servers = await startServers(1, { ...place.environment, TRUST_PROXY: '127.0.0.1', LOG_LEVEL: 'silent' })
  const address = { port: Number(new URL(servers[0]?.base as string).port), path }

  const timed = async (field: string): Promise<number[]> => {
    const poller = await reader(address)
    const times: number[] = []
    for (let count = 0; count < polls; count++) {
      const start = performance.now()
      const answer = await poller.get(field)
      times.push(performance.now() - start)
      if (!answer.startsWith('HTTP/1.1 304 ')) throw new Error(`A reader was answered ${answer.slice(0, 12)}.`)
      await wait(4)
    }
    poller.end()
    return times
  }

  let guesses = 0
  const guess = async () => {
    const number = guesses++
    const from = `X-Forwarded-For: 10.${number >> 16}.${(number >> 8) & 255}.${number & 255}\r\n`
    const guesser = await reader(address)
    await guesser.get(`${basic(`name ${number}`, 'guess')}${from}X-Forwarded-Proto: https\r\n`)
    guesser.end()
  }
  const flood = async (stop: AbortSignal) => {
    const running = new Set<Promise<void>>()
    while (!stop.aborted) {
      const one = guess().finally(() => running.delete(one))
      running.add(one)
      await wait(1000 / guessesASecond)
    }
    await Promise.all(running)
  }

  const results: Flooded[] = []
  const readers = { 'an app password': basic('ann', place.app.secret), 'a cached password': basic('ann', password) }
  for (const [name, field] of Object.entries(readers)) {
    const first = await reader(address)
    const tag = /^etag: (.*)$/im.exec(await first.get(field))?.[1] as string
    first.end()
    const poll = `${field}If-None-Match: ${tag}\r\n`
    const quiet: number[] = []
    const flooded: number[] = []
    await timed(poll)
    for (let round = 0; round < rounds; round++) {
      quiet.push(...(await timed(poll)))
      const stop = new AbortController()
      const over = flood(stop.signal)
      flooded.push(...(await timed(poll)))
      stop.abort()
      await over
    }
    results.push({ name, quiet: p99(quiet), flooded: p99(flooded) })
  }
  await stopServers(servers)
  await place.close()
  return results
}
