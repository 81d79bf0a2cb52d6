import { Argument, Command } from 'commander'
import type { Database } from '../db/open.js'
import { addAccountCommand, listAccountsCommand, passwordCommand, roleCommand } from './account.js'
import { addAppPasswordCommand, listAppPasswordsCommand, revokeAppPasswordCommand } from './app-password.js'
import { photoCommand } from './photo.js'
import { stateCommand, verifiedCommand } from './standing.js'
import type { Terminal } from './terminal.js'

type Db = Database['db']

/** Runs a command that needs the newest schema. */
export type OnCurrentSchema = (run: (db: Db) => Promise<void>) => Promise<void>

/** `account` and all that can be done with one. */
export function accountCommands(terminal: Terminal, onCurrentSchema: OnCurrentSchema): Command {
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
