import type { Kysely } from 'kysely'
import type { Tables } from '../db/tables.js'
import { boundedQueue } from '../db/turns.js'
import { Failure } from '../errors.js'
import { findSignIn } from '../identity/sign-in-store.js'
import { isUuid } from '../people/account.js'
import { defineRole } from '../people/change-store.js'
import { type Presenter, showingEmails } from '../people/hide-email.js'
import { findKnownAccounts, insertApp } from '../people/known-store.js'
import { type Connections, connectionsIn, faultsOnly } from './api.js'
import { type Caller, type ModuleContext, type Privileges, runIn } from './context.js'
import { removeContext } from './delete.js'
import type { Instance, ObjectDefinition } from './object-types.js'
import { siteTypes } from './own-types.js'

/** Concurrent calls of a program: enough for a slow `load`, few enough for the connection pool. */
const concurrency = 20
const maxWaiting = 5000
const defaultWaitMs = 10_000

/** The settings of a module. */
interface ModuleSettings extends Pick<ModuleContext, 'tokenKeys' | 'appKey' | 'baseUrl'> {
  /** By default, e-mail addresses are shown. */
  readonly presenter?: Presenter
  /** Waiting calls give up if no call has ended for this time; 10 seconds by default. */
  readonly longestWaitMs?: number | undefined
}

/** Creates the module on a migrated database, with the built-in types and the app of this site. */
export async function createModuleContext(
  db: Kysely<Tables>,
  { tokenKeys, appKey, baseUrl, presenter = showingEmails, longestWaitMs = defaultWaitMs }: ModuleSettings,
): Promise<ModuleContext> {
  if (appKey !== null) await insertApp(db, appKey)
  const inTurn = boundedQueue(concurrency, maxWaiting, longestWaitMs)
  return { db, types: siteTypes(db, presenter), tokenKeys, appKey, baseUrl, presenter, inTurn }
}

/** The functions for server code, in addition to the calls of the module (docs/module.md, Calling). */
export interface ModuleApp {
  /**
   * Runs a function on behalf of an account: module calls inside it act for the account.
   *
   * @param account account id, user id, login or e-mail address; null for an anonymous caller
   * @throws Failure `notFound` for an unknown name; Fault if the database is unavailable; the errors of `work`
   */
  runAs<Result>(
    account: string,
    privileges: Privileges,
    work: (caller: Caller & { readonly accountId: string }) => Promise<Result>,
  ): Promise<Result>
  runAs<Result>(
    account: string | null,
    privileges: Privileges,
    work: (caller: Caller) => Promise<Result>,
  ): Promise<Result>
  /** The functions of the module, for a fixed caller. */
  connectionsFor(caller: Caller): Connections
  /** Adds a type of objects. @throws TypeError for a malformed definition, or a name that is taken */
  defineObject<Loaded extends Instance>(definition: ObjectDefinition<Loaded>): void
  /**
   * Deletes all connections of an object that no longer exists. Call it once the object can no longer be loaded.
   *
   * @param objects the type of the object, in singular or plural
   * @returns the number of deleted connections
   * @throws Fault `invalidArgument.object` for an unknown type and for accounts, `invalidArgument.unspecified` for a
   *   malformed id
   */
  removeContext(objects: string, id: string): Promise<number>
  /** Adds a role that connections can grant. */
  defineRole(role: string): Promise<void>
  /** Adds an app. If `baseUrl` is given, the app's e-mails link to `<baseUrl>/connection/<token>`. */
  defineApp(key: string, baseUrl?: string): Promise<void>
}

/** Implements `ModuleApp` for a module. */
export function appIn(module: ModuleContext): ModuleApp {
  const { db } = module
  const called = <Result>(work: () => Promise<Result>) => faultsOnly(() => module.inTurn(work))
  return {
    runAs: async <Result>(
      account: string | null,
      privileges: Privileges,
      work: (caller: Caller & { readonly accountId: string }) => Promise<Result>,
    ) => {
      const id = account === null ? null : await called(() => findAccountId(db, account))
      if (id === undefined) throw new Failure('notFound', `There is no account with the name ${account}.`)
      const caller = { ...privileges, accountId: id }
      // Safe, since by the overloads `work` accepts a null id if `account` is null.
      return runIn({ module, caller }, () => work(caller as Caller & { readonly accountId: string }))
    },
    connectionsFor: (caller) => connectionsIn(() => ({ module, caller })),
    defineObject: (definition) => module.types.define(definition as unknown as ObjectDefinition),
    removeContext: (objects, id) => called(() => removeContext(module, objects, id)),
    defineRole: (role) => called(() => defineRole(db, role)),
    defineApp: (key, base) => called(() => insertApp(db, key, base)),
  }
}

async function findAccountId(db: Kysely<Tables>, name: string): Promise<string | undefined> {
  const [known] = isUuid(name) ? await findKnownAccounts(db, [name]) : []
  return (known?.account ?? (await findSignIn(db, name))?.account)?.id
}
