import { ownRights } from '../accounts/account.js'
import { findSignIn, replaceSecret, type SignIn } from '../accounts/sign-in-store.js'
import type { Context } from '../context.js'
import { counted } from '../counted.js'
import { Failure } from '../errors.js'
import type { Credentials } from './basic.js'
import { type Identity, type Refusal, refused } from './identity.js'
import { knownPasswords } from './known-passwords.js'
import { checkHasRoom, isPossiblePassword, renewedHash, verifyPassword } from './password.js'
import { type Triers, triersOf } from './triers.js'
import { turns } from './turns.js'
import { countWrongTry, forgetOldTries, secondsToWait } from './wrong-try-store.js'

/** Says whose name and password these are, which came from an address. */
export type PasswordSignIn = (credentials: Credentials, address: string) => Promise<Identity>

/**
 * Makes the function that says whose name and password these are. It does the same whether anybody has the name or not.
 *
 * @returns rejects with Failure `unauthenticated` where they are nobody's, `tooMany` for whoever tried too many wrong
 *   ones, `unavailable` when too many sign in at once
 */
export function passwordSignIn({ db, log, now }: Pick<Context, 'db' | 'log' | 'now'>): PasswordSignIn {
  const known = knownPasswords(() => now().getTime())
  // Of several at once for one name, in whatever case, none is checked before those before it were counted.
  const inTurn = turns()

  const keyOf = (user: string, password: string, found: SignIn | undefined) =>
    known.keyOf([found?.account.id ?? `nobody ${user}`, found?.account.state ?? '', found?.secret ?? '', password])

  /** Whether the password is right, found out at the cost of a hash. */
  async function verified({ user, password }: Credentials, triers: Triers, found: SignIn | undefined) {
    // First of all, since a refusal by load is to cost little.
    checkHasRoom()
    const seconds = await secondsToWait(db, triers)
    if (seconds > 0) throw tooMany(seconds, reasonOf(found, 'too many wrong passwords'))
    const isRight = (await verifyPassword(found?.secret ?? null, password)) && found?.account.state === 'active'
    known.set(keyOf(user, password, found), isRight)
    if (isRight) await renew(found, password)
    else await count(triers, found)
    return isRight
  }

  async function count(triers: Triers, found: SignIn | undefined): Promise<void> {
    const seconds: number[] = []
    for (const trier of triers) seconds.push(await countWrongTry(db, trier))
    await forgetOldTries(db)
    const longest = Math.max(...seconds)
    if (longest > 0) throw tooMany(longest, reasonOf(found, 'one wrong password too many'))
  }

  /** A person is let in whether the hash could be made anew or not. */
  async function renew({ account, secret }: SignIn, password: string): Promise<void> {
    try {
      const fresh = await renewedHash(secret as string, password)
      if (fresh === undefined) return
      await replaceSecret(db, account.id, secret as string, fresh)
      known.set(keyOf('', password, { account, secret: fresh }), true)
    } catch (error) {
      log.warn({ err: error }, 'password not hashed anew')
    }
  }

  return async (credentials, address) => {
    const { user, password } = credentials
    if (!isPossiblePassword(password)) throw refused('what cannot be a password')
    const found = await findSignIn(db, user)
    const recall = () => known.get(keyOf(user, password, found))
    const triers = triersOf(user, address)
    const isRight =
      recall() ?? (await inTurn(triers[0].key, async () => recall() ?? verified(credentials, triers, found)))
    if (found && isRight) return { account: found.account, rights: ownRights }
    const { reason, account } = reasonOf(found, 'wrong password')
    throw refused(reason, account)
  }
}

function reasonOf(found: SignIn | undefined, otherwise: string): Refusal {
  if (!found) return { reason: `${otherwise}, unknown name` }
  if (found.account.state !== 'active') return { reason: `${otherwise} or inactive account`, account: found.account.id }
  return { reason: otherwise, account: found.account.id }
}

function tooMany(seconds: number, cause: Refusal): Failure {
  const sentence = `Too many wrong passwords. Please wait ${counted(seconds, 'second')} before the next try.`
  return new Failure('tooMany', sentence, { cause, retryAfter: seconds })
}
