#!/usr/bin/env node
import { Argument, Command } from 'commander'
import { pino } from 'pino'
import pretty from 'pino-pretty'
import { addAccountCommand, passwordCommand, roleCommand } from './cli/account.js'
import { addAppPasswordCommand, listAppPasswordsCommand, revokeAppPasswordCommand } from './cli/app-password.js'
import { doctorCommand } from './cli/doctor.js'
import { exportCommand } from './cli/export.js'
import { importCommand } from './cli/import.js'
import { migrateCommand } from './cli/migrate.js'
import { photoCommand } from './cli/photo.js'
import { serveCommand } from './cli/serve.js'
import { stateCommand, verifiedCommand } from './cli/standing.js'
import type { Terminal } from './cli/terminal.js'
import { type Config, readConfig } from './config.js'
import { migrate } from './db/migrate.js'
import { type Database, openDatabase } from './db/open.js'
import { isRefused, isUnavailable } from './db/unavailable.js'
import { Failure } from './errors.js'

const terminal: Terminal = { input: process.stdin, output: process.stdout, errors: process.stderr }
const stop = new AbortController()

/** Runs a command with the database that the environment names, and closes it whatever comes. */
async function withDatabase(run: (database: Database, config: Config) => Promise<void>): Promise<void> {
  const config = readConfig(process.env)
  const place = { databaseUrl: config.DATABASE_URL, dataDir: config.DATA_DIR }
  const database = await openDatabase(place, (error) => logger(config).warn({ err: error }, 'database connection lost'))
  try {
    await run(database, config)
  } finally {
    await database.close()
  }
}

/** As `withDatabase`, for commands that need the newest schema. */
const onCurrentSchema = (run: (db: Database['db']) => Promise<void>) =>
  withDatabase(async ({ db }) => {
    await migrate(db)
    await run(db)
  })

/** One JSON line for each event on standard error; easier to read where that is a terminal. */
function logger({ LOG_LEVEL }: Config) {
  const destination = process.stderr.isTTY ? pretty({ destination: 2, sync: true }) : pino.destination(2)
  return pino({ level: LOG_LEVEL, base: null, timestamp: pino.stdTimeFunctions.isoTime }, destination)
}

const program = new Command('connections').description('The open server for the colleague-connections Atom API.')

program
  .command('serve')
  .description('serve the API until told to stop')
  .action(() => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort())
    return withDatabase((database, config) => serveCommand(terminal, database, config, logger(config), stop.signal))
  })

program
  .command('migrate')
  .description('bring the database to the newest schema')
  .action(() => withDatabase(({ db }) => migrateCommand(terminal, db)))

program
  .command('import')
  .description('bring in recorded Atom feeds and entries, or directory files')
  .argument('<file...>')
  .action((files: string[]) => onCurrentSchema((db) => importCommand(terminal, db, files)))

program
  .command('export')
  .description('write the network as a directory file; - is standard output')
  .argument('<file>')
  .action((file: string) => onCurrentSchema((db) => exportCommand(terminal, db, file)))

program
  .command('doctor')
  .description('check that the stored graph is whole')
  .action(() => withDatabase(({ db }) => doctorCommand(terminal, db)))

const account = program.command('account').description('people who sign in')

account
  .command('add')
  .description('create a person; the password is asked for, or read from standard input')
  .argument('<userid>')
  .requiredOption('--name <name>', 'name to show')
  .requiredOption('--email <email>', 'e-mail address')
  .option('--login <login>', 'another name to sign in with')
  .action((userId: string, given: { name: string; email: string; login?: string }) =>
    onCurrentSchema((db) => addAccountCommand(terminal, db, userId, given)),
  )

account
  .command('password')
  .description('set the password of a person')
  .argument('<userid>')
  .action((userId: string) => onCurrentSchema((db) => passwordCommand(terminal, db, userId)))

account
  .command('role')
  .description('give a person a role, or take it away')
  .argument('<userid>')
  .addArgument(new Argument('<change>').choices(['add', 'remove']))
  .argument('<role>')
  .action((userId: string, change: 'add' | 'remove', role: string) =>
    onCurrentSchema((db) => roleCommand(terminal, db, userId, change, role)),
  )

const standings = {
  disable: ['let a person sign in no longer', (db, userId) => stateCommand(terminal, db, userId, 'inactive')],
  enable: ['let a person sign in again', (db, userId) => stateCommand(terminal, db, userId, 'active')],
  verify: ['say that a person owns the e-mail address', (db, userId) => verifiedCommand(terminal, db, userId, true)],
  unverify: ['say that this is not known', (db, userId) => verifiedCommand(terminal, db, userId, false)],
} satisfies Record<string, [string, (db: Database['db'], userId: string) => Promise<void>]>

for (const [name, [description, run]] of Object.entries(standings)) {
  account
    .command(name)
    .description(description)
    .argument('<userid>')
    .action((userId: string) => onCurrentSchema((db) => run(db, userId)))
}

const appPassword = account.command('app-password').description('passwords for feed readers and programs')

appPassword
  .command('add')
  .description('make one, and show it this once')
  .argument('<userid>')
  .requiredOption('--name <name>', 'what it is for')
  .option('--scopes <scopes>', 'what it may be used for: read, write, or both with a comma between', 'read')
  .option('--end <day>', 'last day on which it is good, such as 2027-12-31')
  .action((userId: string, { name, scopes, end }: { name: string; scopes: string; end?: string }) =>
    onCurrentSchema((db) => addAppPasswordCommand(terminal, db, userId, { name, scopes: scopes.split(','), end })),
  )

appPassword
  .command('list')
  .description('those of a person, with their ids')
  .argument('<userid>')
  .action((userId: string) => onCurrentSchema((db) => listAppPasswordsCommand(terminal, db, userId)))

appPassword
  .command('revoke')
  .description('end one at once')
  .argument('<userid>')
  .argument('<id>')
  .action((userId: string, id: string) => onCurrentSchema((db) => revokeAppPasswordCommand(terminal, db, userId, id)))

account
  .command('photo')
  .description('give a person a picture (PNG, JPEG, GIF or WebP), or take it away')
  .argument('<userid>')
  .argument('[file]')
  .option('--remove', 'take the picture away')
  .action((userId: string, file: string | undefined, { remove = false }: { remove?: boolean }) =>
    onCurrentSchema((db) => photoCommand(terminal, db, userId, file, remove)),
  )

try {
  await program.parseAsync()
} catch (error) {
  if (error instanceof Failure) process.stderr.write(`${error.message}\n`)
  else if (isRefused(error)) process.stderr.write(`The database refuses: ${error.message}\n`)
  else if (isUnavailable(error)) process.stderr.write(`The database cannot be reached: ${(error as Error).message}\n`)
  else throw error
  process.exitCode = 1
}
