import type { Kysely } from 'kysely'
import { keepApp } from '../connections/grants/directory-store.js'
import { ObjectTypes } from '../connections/grants/object-types.js'
import type { TokenKeys } from '../connections/grants/token.js'
import type { Tables } from '../db/tables.js'
import { takingTurns } from '../db/turns.js'
import { accountsType, closedTypes, orgsType } from './own-types.js'
import type { ModuleWorld } from './scope.js'

/** How many calls of a program run at once: enough for a slow `load`, few enough for the pool of connections. */
const atOnce = 20

/** How many more may wait. */
const mostWaiting = 5000

/** How long one waits while none comes to an end, in milliseconds, unless it is said. */
const longestWait = 10_000

/** Makes the module ready on a database that has its schema: with the types that every site has, and the site's app. */
export async function openWorld(
  db: Kysely<Tables>,
  {
    tokenKeys,
    appKey,
    baseUrl,
    hidesEmail = false,
    longestWaitMs = longestWait,
  }: {
    tokenKeys: TokenKeys
    appKey: string | null
    baseUrl: string | null
    hidesEmail?: boolean
    longestWaitMs?: number | undefined
  },
): Promise<ModuleWorld> {
  const types = new ObjectTypes()
  for (const definition of [accountsType(db, hidesEmail), orgsType(db), ...closedTypes]) types.define(definition)
  if (appKey !== null) await keepApp(db, appKey)
  const inTurn = takingTurns(atOnce, mostWaiting, longestWaitMs)
  return { db, types, tokenKeys, appKey, baseUrl, hidesEmail, inTurn }
}
