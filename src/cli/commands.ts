import { Command } from 'commander'
import type { Logger } from 'pino'
import type { Config } from '../config.js'
import { migrate } from '../db/migrate.js'
import type { Database } from '../db/open.js'
import { accountCommands, type OnCurrentSchema } from './account-commands.js'
import { doctorCommand } from './doctor.js'
import { exportCommand } from './export.js'
import { importCommand } from './import.js'
import { migrateCommand, newSecretCommand } from './migrate.js'
import { secretsOf, serveCommand } from './serve.js'
import type { Terminal } from './terminal.js'

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
