import type { Kysely } from 'kysely'
import type { Tables } from '../db/tables.js'
import { Failure } from '../errors.js'
import { findSignIn } from '../identity/credential-store.js'
import { isUuid } from '../people/account.js'
import { defineRole } from '../people/change-store.js'
import { findKnownAccounts, insertApp } from '../people/known-store.js'
import { type Connections, connectionsIn, faultsOnly } from './api.js'
import { type Caller, type ModuleContext, type Privileges, runIn } from './context.js'
import { removeContext } from './delete.js'
import type { Instance, ObjectDefinition } from './object-types.js'

/** What an application does with the module, beside calling its functions. */
export interface ModuleApp {
  /**
   * Runs a function for an account: what it calls of the module acts on that account's behalf.
   *
   * @param account account id, user id, login or e-mail address; null for nobody
   * @throws Failure `notFound` where nobody goes by that name; Fault where the database could not be asked; what `work` throws
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
  /** The functions of the module, for one caller. */
  connectionsFor(caller: Caller): Connections
  /** Makes a type of object known. @throws TypeError for a name that is malformed or taken, or a title that is no property */
  defineObject<Loaded extends Instance>(definition: ObjectDefinition<Loaded>): void
  /**
   * Deletes every connection with an object that is no more; to be called once the object can no longer be loaded.
   *
   * @param objects its type, in singular or plural
   * @returns how many there were
   * @throws Fault `invalidArgument.object` for a type that is unknown, and for accounts; `invalidArgument.unspecified` for
   *   what is no id
   */
  removeContext(objects: string, id: string): Promise<number>
  /** Makes a role known that connections can impart. */
  defineRole(role: string): Promise<void>
  /** Makes an app known, with the base of its pages; its letters lead to `connection/<token>` there. */
  defineApp(key: string, baseUrl?: string): Promise<void>
}

/** The module in a world that is there already. */
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
      if (id === undefined) throw new Failure('notFound', `Nobody goes by the name ${account}.`)
      const caller = { ...privileges, accountId: id }
      // Whoever gives null gives work that takes it.
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
