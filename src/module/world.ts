import type { Kysely } from 'kysely'
import { keepApp } from '../connections/grants/directory-store.js'
import { ObjectTypes } from '../connections/grants/object-types.js'
import type { TokenKeys } from '../connections/grants/token.js'
import type { Tables } from '../db/tables.js'
import { accountsType, closedTypes, orgsType } from './own-types.js'
import type { ModuleWorld } from './scope.js'

/** Makes the module ready on a database that has its schema: with the types that every site has, and the site's app. */
export async function openWorld(
  db: Kysely<Tables>,
  {
    tokenKeys,
    appKey,
    baseUrl,
    hidesEmail = false,
  }: { tokenKeys: TokenKeys; appKey: string | null; baseUrl: string | null; hidesEmail?: boolean },
): Promise<ModuleWorld> {
  const types = new ObjectTypes()
  for (const definition of [accountsType(db, hidesEmail), orgsType(db), ...closedTypes]) types.define(definition)
  if (appKey !== null) await keepApp(db, appKey)
  return { db, types, tokenKeys, appKey, baseUrl, hidesEmail }
}
