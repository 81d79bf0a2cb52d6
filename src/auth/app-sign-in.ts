import { findAppSignIn, noteUse } from '../accounts/app-password-store.js'
import type { Context } from '../context.js'
import { appSecretHash, hasChecksum } from './app-secret.js'
import { type Identity, refused } from './identity.js'

/**
 * Whose app password this is. A typing error costs no look-up, and nothing costs a slow hash.
 *
 * @param name by which that person has to sign in; null where no name came with it
 * @throws Failure `unauthenticated` where it is nobody's, has ended, or is not of whoever has the name
 */
export async function signInByApp(
  { db, log }: Pick<Context, 'db' | 'log'>,
  secret: string,
  name: string | null,
): Promise<Identity> {
  if (!hasChecksum(secret)) throw refused('app password with a wrong checksum')
  const found = await findAppSignIn(db, appSecretHash(secret), name)
  if (!found) throw refused('app password that is unknown, ended or of another name')
  // A reader is served although, say, the disk is full.
  if (!found.isNoted) await noteUse(db, found.id).catch((error) => log.warn({ err: error }, 'use not noted'))
  return { account: found.account, rights: found.scopes }
}
