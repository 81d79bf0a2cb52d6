import { hasApp } from '../connections/grants/directory-store.js'
import type { World } from '../connections/grants/world.js'

/** The app on whose behalf a connection is made: the caller's, else the one that is passed; null where neither is known. */
export async function appKeyOf({ db }: World, own: string | null, passed: string | null): Promise<string | null> {
  for (const key of [own, passed]) if (key !== null && (await hasApp(db, key))) return key
  return null
}
