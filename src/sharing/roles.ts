import type { Kysely } from 'kysely'
import type { Tables } from '../db/tables.js'
import { Fault } from '../faults.js'
import { findRoles } from '../people/known-store.js'

/** Wished roles, each with the place where it was first named, such as `targets[0].roles[1]`. */
export type Places = ReadonlyMap<string, string>

/** @param at where the list of roles stands */
export const placesOf = (roles: readonly string[], at: string): Places =>
  joinedPlaces(...roles.map((role, index) => new Map([[role, `${at}[${index}]`]])))

/** All together; a role that is named several times has its first place. */
export const joinedPlaces = (...all: readonly Places[]): Places => {
  const joined = new Map<string, string>()
  for (const places of all) for (const [role, at] of places) if (!joined.has(role)) joined.set(role, at)
  return joined
}

/** @throws Fault `invalidArgument.roles` for a role that is not defined */
export async function checkDefined(db: Kysely<Tables>, places: Places): Promise<void> {
  const defined = await findRoles(db, [...places.keys()])
  for (const [role, path] of places) {
    if (!defined.has(role)) throw new Fault('invalidArgument.roles', { path, reason: 'There is no such role here.' })
  }
}
