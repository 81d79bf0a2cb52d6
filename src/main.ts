#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { pino } from 'pino'
import pretty from 'pino-pretty'
import { commandsFor, type Surroundings } from './cli/commands.js'
import { type Config, readConfig } from './config.js'
import { redactedLog } from './db/redact-log.js'
import { openDatabase } from './db/open.js'
import { lineOf } from './db/transact.js'
import { Failure } from './errors.js'

const withDatabase: Surroundings['withDatabase'] = async (run) => {
  const config = readConfig(process.env)
  const place = { databaseUrl: config.DATABASE_URL, dataDir: config.DATA_DIR, pooler: config.POOLER }
  const database = await openDatabase(place, (error) => logger(config).warn({ err: error }, 'database connection lost'))
  try {
    await run(database, config)
  } finally {
    await database.close()
  }
}

/** Creates a logger that writes JSON lines to standard error, or a readable format if standard error is a terminal. */
function logger({ LOG_LEVEL }: Config) {
  const destination = process.stderr.isTTY ? pretty({ destination: 2, sync: true }) : pino.destination(2)
  return redactedLog(pino({ level: LOG_LEVEL, base: null, timestamp: pino.stdTimeFunctions.isoTime }, destination))
}

/**
 * Returns a signal that aborts at the first SIGTERM or SIGINT. The second is ignored, since npm may repeat a signal
 * from the terminal. The third ends the process.
 */
function untilStopped(): AbortSignal {
  const stop = new AbortController()
  let signals = 0
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    const onSignal = () => {
      stop.abort()
      if (++signals < 3) return
      process.removeListener(signal, onSignal)
      process.kill(process.pid, signal)
    }
    process.on(signal, onSignal)
  }
  return stop.signal
}

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string
}

// A reader such as `head` may close the pipe early.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
})

try {
  await commandsFor({
    terminal: { input: process.stdin, output: process.stdout, errors: process.stderr },
    version,
    withDatabase,
    logger,
    untilStopped,
  }).parseAsync()
} catch (error) {
  const line = error instanceof Failure ? error.message : lineOf(error)
  if (line === undefined) throw error
  process.stderr.write(`${line}\n`)
  process.exitCode = 1
}
