import type { Kysely } from 'kysely'
import type { Logger } from 'pino'
import { isUuid } from '../accounts/account.js'
import { addresses } from '../atom/addresses.js'
import type { TokenKeys } from '../connections/grants/token.js'
import type { Tables } from '../db/tables.js'
import { mostAttempts, pauseAfter } from './attempts.js'
import { letterFailure, type LetterFailure } from './failure.js'
import { letterOf } from './letter.js'
import { occasionOf } from './occasion.js'
import { claim, release } from './mailed-store.js'
import { markDead, markDropped, markSent, putBack, type Taken } from './outbox-store.js'
import { plainName } from './plain.js'
import type { Addressed, Post } from './post.js'
import { findSituation } from './situation-store.js'

/** What sending needs of the world. */
export interface Office {
  readonly db: Kysely<Tables>
  readonly log: Logger
  readonly post: Post
  /** Public base of links. */
  readonly baseUrl: string
  /** Of which the tokens are made that letters carry; the database has none. */
  readonly tokenKeys: TokenKeys
  /** From 0 to 1. */
  readonly random: () => number
}

/**
 * Sends what a row of the outbox stands for, if it still holds, and writes down what came of it.
 *
 * @param signal gives up a letter that is on its way
 * @throws the database's errors; the row comes up again by itself then
 */
export async function deliver(office: Office, taken: Taken, signal: AbortSignal): Promise<void> {
  const { db, post } = office
  const log = office.log.child({ letter: taken.id, kind: taken.kind, recipient: taken.recipientId })
  if (taken.attempts > mostAttempts) return giveUp('no attempt came to an end')
  const { connectionId, title } = taken.payload
  if (typeof connectionId !== 'string' || !isUuid(connectionId)) return giveUp('no connection is named')

  const situation = await findSituation(db, taken.recipientId, connectionId)
  const occasion = occasionOf({ ...taken, title: typeof title === 'string' ? title : null }, situation, office)
  if (typeof occasion === 'string') return drop(occasion)
  const { name, address } = occasion.recipient
  const mailing = { letterId: taken.id, aboutId: occasion.person.id, address }
  // Who accepts an invitation is not its inviter.
  const isLimited = taken.kind !== 'accepted'
  if (isLimited && !(await claim(db, mailing))) return drop('there was an e-mail about the same person within a day')
  const to = { name: name === null ? '' : plainName(name), address }
  const letter = letterOf(occasion, addresses(office.baseUrl))
  const failure = occasion.isWhole ? await trySending(post, { ...letter, id: taken.id, to }, signal) : withoutToken
  if (failure === undefined) {
    await markSent(db, taken)
    return log.info('letter sent')
  }
  if (failure.isPermanent || taken.attempts === mostAttempts) return giveUp(failure.summary)
  if (isLimited) await release(db, mailing)
  await putBack(db, taken, failure.summary, pauseAfter(taken.attempts, office.random()))
  log.warn({ error: failure.summary, attempts: taken.attempts }, 'letter put back')

  async function drop(why: string) {
    await markDropped(db, taken)
    log.info({ why }, 'letter not needed')
  }

  async function giveUp(error: string) {
    await markDead(db, taken, error)
    log.warn({ error, attempts: taken.attempts }, 'letter given up')
  }
}

/** A server that has the secret may still send it. */
const withoutToken: LetterFailure = { isPermanent: false, summary: 'TOKEN_SECRET lacks the secret of its token' }

async function trySending(post: Post, letter: Addressed, signal: AbortSignal): Promise<LetterFailure | undefined> {
  try {
    await post(letter, signal)
    return undefined
  } catch (error) {
    return letterFailure(error)
  }
}
