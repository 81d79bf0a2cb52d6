import { connectionsIn } from './module/connections.js'
import { currentScope } from './module/scope.js'

export { type Config, readConfig } from './config.js'
export type { LevelName } from './connections/grants/levels.js'
export type {
  AclEntry,
  Instance,
  Level,
  ObjectDefinition,
  PropertyAccess,
  ShareEntry,
} from './connections/grants/object-type.js'
export type { Context } from './context.js'
export { migrate } from './db/migrate.js'
export { type Database, openDatabase } from './db/open.js'
export { Failure, type FailureCode } from './errors.js'
export { Fault, type FaultName, type FaultTarget } from './faults.js'
export { createApp } from './http/app.js'
export type { Connection, ConnectionList, ConnectionTarget, Reference } from './module/connection.js'
export type { Connections, CreateOptions, LinkOptions, ListOptions, ReadOptions, Target } from './module/connections.js'
export type { Caller, Privileges } from './module/scope.js'
export { type App, open, type OpenOptions } from './open.js'

/** The `connections` module, for the caller in whose scope it is called. */
const connections = connectionsIn(currentScope)
export default connections
