import { connectionsIn } from './sharing/api.js'
import { currentScope } from './sharing/context.js'

export { type Config, readConfig } from './config.js'
export type { Context } from './context.js'
export { migrate } from './db/migrate.js'
export type { Database } from './db/database.js'
export { openDatabase } from './db/open.js'
export { Failure, type FailureCode } from './errors.js'
export { Fault, type FaultName, type FaultTarget } from './faults.js'
export { createApp } from './http/app.js'
export type { ConnectionList } from './sharing/list.js'
export type { Connection, ConnectionTarget, Reference } from './sharing/show.js'
export type {
  Connections,
  CreateOptions,
  LinkOptions,
  ListOptions,
  ReadOptions,
  TargetInput as Target,
} from './sharing/api.js'
export type { Caller, Privileges } from './sharing/context.js'
export type {
  AclEntry,
  Instance,
  Level,
  LevelName,
  ObjectDefinition,
  PropertyAccess,
  ShareEntry,
} from './sharing/object-types.js'
export { type App, open, type OpenOptions } from './server/open.js'

/** The `connections` module. Each call acts for the caller of the current scope. */
const connections = connectionsIn(currentScope)
export default connections
