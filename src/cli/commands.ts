import { Argument, Command } from 'commander'
import type { Logger } from 'pino'
import type { Config } from '../config.js'
import type { Database } from '../db/database.js'
import { migrate } from '../db/migrate.js'
import { secretsOf } from '../server/runtime.js'
import {
  addAccountCommand,
  listAccountsCommand,
  passwordCommand,
  photoCommand,
  roleCommand,
  stateCommand,
  verifiedCommand,
} from './accounts.js'
import { addAppPasswordCommand, listAppPasswordsCommand, revokeAppPasswordCommand } from './app-passwords.js'
import { doctorCommand, migrateCommand, newSecretCommand } from './database.js'
import { serveCommand } from './serve.js'
import type { Terminal } from './terminal.js'
import { exportCommand, importCommand } from './transfer.js'

/** What commands need of the process. */
export interface Surroundings {
  readonly terminal: Terminal
  readonly version: string
  /** Runs a command with the database that the environment names, and closes it whatever comes. */
  readonly withDatabase: (run: (database: Database, config: Config) => Promise<void>) => Promise<void>
  readonly logger: (config: Config) => Logger
  /** Aborted when the process is told to stop; from then on it does not end by itself. */
  readonly untilStopped: () => AbortSignal
}

/** All commands, as `connections --help` lists them. What they throw comes out of `parseAsync`. */
export function commandsFor({ terminal, version, withDatabase, logger, untilStopped }: Surroundings): Command {
  const onCurrentSchema: OnCurrentSchema = (run) =>
    withDatabase(async ({ db }) => {
      await migrate(db)
      await run(db)
    })

  const program = new Command('connections')
    .description('The open server for the colleague-connections Atom API.')
    .version(version)

  program
    .command('serve')
    .description('serve the API until told to stop')
    .action(() => {
      const stop = untilStopped()
      return withDatabase((database, config) => serveCommand(terminal, database, config, logger(config), stop))
    })

  program
    .command('migrate')
    .description('bring the database to the newest schema')
    .option('--new-secret', 'take the present secret for that of the database; says which tokens and sessions end')
    .action(({ newSecret = false }: { newSecret?: boolean }) =>
      withDatabase(async ({ db }, config) => {
        await migrateCommand(terminal, db)
        if (newSecret) await newSecretCommand(terminal, db, await secretsOf(config))
      }),
    )

  program
    .command('import')
    .description('bring in recorded Atom feeds and entries, or directory files')
    .argument('<file...>')
    .action((files: string[]) => onCurrentSchema((db) => importCommand(terminal, db, files)))

  program
    .command('export')
    .description('write the network as a directory file; - is standard output')
    .argument('<file>')
    .option('--force', 'overwrite the file without a question')
    .action((file: string, { force = false }: { force?: boolean }) =>
      onCurrentSchema((db) => exportCommand(terminal, db, file, force)),
    )

  program
    .command('doctor')
    .description('check that the stored graph is whole')
    .action(() => withDatabase(({ db }) => doctorCommand(terminal, db)))

  return program.addCommand(accountCommands(terminal, onCurrentSchema))
}

type Db = Database['db']

/** Runs a command that needs the newest schema. */
type OnCurrentSchema = (run: (db: Db) => Promise<void>) => Promise<void>

/** `account` and all that can be done with one. */
function accountCommands(terminal: Terminal, onCurrentSchema: OnCurrentSchema): Command {
  const account = new Command('account').description('people who sign in')

  account
    .command('add')
    .description('create a person; the password is asked for, or read from standard input')
    .argument('<userid>')
    .requiredOption('--name <name>', 'name to show')
    .requiredOption('--email <email>', 'e-mail address, which counts as verified')
    .option('--login <login>', 'another name to sign in with')
    .action((userId: string, given: { name: string; email: string; login?: string }) =>
      onCurrentSchema((db) => addAccountCommand(terminal, db, userId, given)),
    )

  account
    .command('list')
    .description('everybody in the order of names, a line each: user id, name, address, and what is special')
    .action(() => onCurrentSchema((db) => listAccountsCommand(terminal, db)))

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
  } satisfies Record<string, [string, (db: Db, userId: string) => Promise<void>]>

  for (const [name, [description, run]] of Object.entries(standings)) {
    account
      .command(name)
      .description(description)
      .argument('<userid>')
      .action((userId: string) => onCurrentSchema((db) => run(db, userId)))
  }

  account
    .command('photo')
    .description('give a person a picture (PNG, JPEG, GIF or WebP), or take it away')
    .argument('<userid>')
    .argument('[file]')
    .option('--remove', 'take the picture away')
    .action((userId: string, file: string | undefined, { remove = false }: { remove?: boolean }) =>
      onCurrentSchema((db) => photoCommand(terminal, db, userId, file, remove)),
    )

  return account.addCommand(appPasswordCommands(terminal, onCurrentSchema))
}

function appPasswordCommands(terminal: Terminal, onCurrentSchema: OnCurrentSchema): Command {
  const appPassword = new Command('app-password').description('passwords for feed readers and programs')

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

  return appPassword
}
