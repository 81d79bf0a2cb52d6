import { Argument, Command } from 'commander'
import type { Logger } from 'pino'
import type { Config } from '../config.js'
import type { Database } from '../db/database.js'
import type { Terminal } from './terminal.js'

// A command loads its modules only when it runs, since loading all of them takes a second.
const accounts = () => import('./accounts.js')
const appPasswords = () => import('./app-passwords.js')
const database = () => import('./database.js')
const transfer = () => import('./transfer.js')

/** The parts of the process that commands use. */
export interface Surroundings {
  readonly terminal: Terminal
  readonly version: string
  /** Opens the configured database, runs a command with it, and closes the database. */
  readonly withDatabase: (run: (database: Database, config: Config) => Promise<void>) => Promise<void>
  readonly logger: (config: Config) => Logger
  /** Returns an abort signal for SIGTERM and SIGINT. Replaces the default handling of both. */
  readonly untilStopped: () => AbortSignal
}

/** All commands, in the order of `connections --help`. Their errors reject `parseAsync`. */
export function commandsFor({ terminal, version, withDatabase, logger, untilStopped }: Surroundings): Command {
  const onCurrentSchema: OnCurrentSchema = (run) =>
    withDatabase(async ({ db }) => {
      const { migrate } = await import('../db/migrate.js')
      await migrate(db)
      await run(db)
    })

  const program = new Command('connections')
    .description("An open-source server for an organisation's colleague network.")
    .version(version)

  program
    .command('serve')
    .description('run the server')
    .action(() => {
      const stop = untilStopped()
      return withDatabase(async (database, config) => {
        const { serveCommand } = await import('./serve.js')
        await serveCommand(terminal, database, config, logger(config), stop)
      })
    })

  program
    .command('migrate')
    .description('migrate the database to the newest schema')
    .option('--new-secret', 'switch to the configured token secret; ends the tokens and sessions of the old one')
    .action(({ newSecret = false }: { newSecret?: boolean }) =>
      withDatabase(async ({ db }, config) => {
        const { migrateCommand, newSecretCommand } = await database()
        await migrateCommand(terminal, db)
        if (newSecret) await newSecretCommand(terminal, db, config)
      }),
    )

  program
    .command('import')
    .description('import directory files, or recorded Atom feeds and entries')
    .argument('<file...>')
    .action((files: string[]) => onCurrentSchema(async (db) => (await transfer()).importCommand(terminal, db, files)))

  program
    .command('export')
    .description('export the network as a directory file; - is standard output')
    .argument('<file>')
    .option('--force', 'overwrite the file without asking')
    .action((file: string, { force = false }: { force?: boolean }) =>
      onCurrentSchema(async (db) => (await transfer()).exportCommand(terminal, db, file, force)),
    )

  program
    .command('doctor')
    .description('check the stored network for inconsistencies')
    .action(() => withDatabase(async ({ db }) => (await database()).doctorCommand(terminal, db)))

  return program.addCommand(accountCommands(terminal, onCurrentSchema))
}

type Db = Database['db']

/** Opens and migrates the database, runs a command with it, and closes the database. */
type OnCurrentSchema = (run: (db: Db) => Promise<void>) => Promise<void>

function accountCommands(terminal: Terminal, onCurrentSchema: OnCurrentSchema): Command {
  const account = new Command('account').description('manage accounts')

  account
    .command('add')
    .description('add an account; asks for the password, or reads it from standard input')
    .argument('<userid>')
    .requiredOption('--name <name>', 'display name')
    .requiredOption('--email <email>', 'e-mail address, taken as verified')
    .option('--login <login>', 'another name to sign in with')
    .action((userId: string, given: { name: string; email: string; login?: string }) =>
      onCurrentSchema(async (db) => (await accounts()).addAccountCommand(terminal, db, userId, given)),
    )

  account
    .command('list')
    .description('list accounts by name, one per line: user id, name, address, and unusual properties')
    .action(() => onCurrentSchema(async (db) => (await accounts()).listAccountsCommand(terminal, db)))

  account
    .command('password')
    .description('set the password of an account')
    .argument('<userid>')
    .action((userId: string) => onCurrentSchema(async (db) => (await accounts()).passwordCommand(terminal, db, userId)))

  account
    .command('role')
    .description('add or remove a role')
    .argument('<userid>')
    .addArgument(new Argument('<change>').choices(['add', 'remove']))
    .argument('<role>')
    .action((userId: string, change: 'add' | 'remove', role: string) =>
      onCurrentSchema(async (db) => (await accounts()).roleCommand(terminal, db, userId, change, role)),
    )

  const switches = {
    disable: [
      'disable an account',
      async (db, userId) => (await accounts()).stateCommand(terminal, db, userId, 'inactive'),
    ],
    enable: [
      'enable a disabled account',
      async (db, userId) => (await accounts()).stateCommand(terminal, db, userId, 'active'),
    ],
    verify: [
      'mark the e-mail address as verified',
      async (db, userId) => (await accounts()).verifiedCommand(terminal, db, userId, true),
    ],
    unverify: [
      'mark the e-mail address as unverified',
      async (db, userId) => (await accounts()).verifiedCommand(terminal, db, userId, false),
    ],
  } satisfies Record<string, [string, (db: Db, userId: string) => Promise<void>]>

  for (const [name, [description, run]] of Object.entries(switches)) {
    account
      .command(name)
      .description(description)
      .argument('<userid>')
      .action((userId: string) => onCurrentSchema((db) => run(db, userId)))
  }

  account
    .command('photo')
    .description('set the picture of a person (PNG, JPEG, GIF or WebP), or remove it')
    .argument('<userid>')
    .argument('[file]')
    .option('--remove', 'remove the picture')
    .action((userId: string, file: string | undefined, { remove = false }: { remove?: boolean }) =>
      onCurrentSchema(async (db) => (await accounts()).photoCommand(terminal, db, userId, file, remove)),
    )

  return account.addCommand(appPasswordCommands(terminal, onCurrentSchema))
}

function appPasswordCommands(terminal: Terminal, onCurrentSchema: OnCurrentSchema): Command {
  const appPassword = new Command('app-password').description('manage the passwords of feed readers and programs')

  appPassword
    .command('add')
    .description('create an app password and show it once')
    .argument('<userid>')
    .requiredOption('--name <name>', 'name, such as the name of the program')
    .option('--scopes <scopes>', 'its access: read, write, or read,write', 'read')
    .option('--end <day>', 'last day of validity, such as 2027-12-31')
    .action((userId: string, { name, scopes, end }: { name: string; scopes: string; end?: string }) =>
      onCurrentSchema(async (db) =>
        (await appPasswords()).addAppPasswordCommand(terminal, db, userId, { name, scopes: scopes.split(','), end }),
      ),
    )

  appPassword
    .command('list')
    .description('list the app passwords of an account, with their ids')
    .argument('<userid>')
    .action((userId: string) =>
      onCurrentSchema(async (db) => (await appPasswords()).listAppPasswordsCommand(terminal, db, userId)),
    )

  appPassword
    .command('revoke')
    .description('revoke an app password at once')
    .argument('<userid>')
    .argument('<id>')
    .action((userId: string, id: string) =>
      onCurrentSchema(async (db) => (await appPasswords()).revokeAppPasswordCommand(terminal, db, userId, id)),
    )

  return appPassword
}
