import { setTimeout as wait } from 'node:timers/promises'
import type { Kysely } from 'kysely'
import type { Logger } from 'pino'
import { addresses } from '../atom/vocabulary.js'
import type { Tables } from '../db/tables.js'
import { isUuid } from '../people/account.js'
import type { TokenKeys } from '../sharing/grant.js'
import { contentOf } from './content.js'
import { emailOf, plainName } from './email.js'
import {
  claim,
  findSnapshot,
  markDead,
  markDropped,
  markSent,
  putBack,
  release,
  takeDue,
  type Taken,
} from './outbox-store.js'
import type { Addressed, Post } from './smtp.js'

const concurrency = 5
const pollIntervalMs = 2_000
/** Well below the time for which a row is ours. */
const maxSendMs = 120_000
const maxShutdownMs = 5_000

/**
 * Sends letters as they fall due until told to stop, and then ends within seconds. A database that does not answer is
 * told of once, and waited for. Any number of processes may do this on one outbox. Never rejects.
 */
export async function sendEmails(office: MailServices, stop: AbortSignal): Promise<void> {
  const end = shortlyAfter(stop)
  let isAway = false
  while (!stop.aborted) {
    let isMore = false
    try {
      isMore = await sendDue(office, end)
      isAway = false
    } catch (error) {
      if (!isAway) office.log.warn({ err: error }, 'letters wait for the database')
      isAway = true
    }
    if (!isMore) await wait(pollIntervalMs, undefined, { signal: stop }).catch(() => {})
  }
}

/**
 * Takes a few letters that are due and sends them side by side.
 *
 * @param end gives up what is on its way
 * @returns whether there may be more
 * @throws the database's errors, once all that was taken is through
 */
export async function sendDue(office: MailServices, end: AbortSignal): Promise<boolean> {
  const taken = await takeDue(office.db, concurrency)
  const through = await Promise.allSettled(
    taken.map((each) => deliver(office, each, AbortSignal.any([end, AbortSignal.timeout(maxSendMs)]))),
  )
  for (const each of through) if (each.status === 'rejected') throw each.reason
  return taken.length === concurrency
}

/** What is on its way gets a moment to arrive. */
function shortlyAfter(stop: AbortSignal): AbortSignal {
  const end = new AbortController()
  const endSoon = () => void setTimeout(() => end.abort(), maxShutdownMs).unref()
  if (stop.aborted) endSoon()
  else stop.addEventListener('abort', endSoon, { once: true })
  return end.signal
}

/** What sending needs of the world. */
export interface MailServices {
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
export async function deliver(office: MailServices, taken: Taken, signal: AbortSignal): Promise<void> {
  const { db, post } = office
  const log = office.log.child({ letter: taken.id, kind: taken.kind, recipient: taken.recipientId })
  if (taken.attempts > maxAttempts) return giveUp('no attempt came to an end')
  const { connectionId, title } = taken.payload
  if (typeof connectionId !== 'string' || !isUuid(connectionId)) return giveUp('no connection is named')

  const situation = await findSnapshot(db, taken.recipientId, connectionId)
  const occasion = contentOf({ ...taken, title: typeof title === 'string' ? title : null }, situation, office)
  if (typeof occasion === 'string') return drop(occasion)
  const { name, address } = occasion.recipient
  const mailing = { letterId: taken.id, aboutId: occasion.person.id, address }
  // Who accepts an invitation is not its inviter.
  const isLimited = taken.kind !== 'accepted'
  if (isLimited && !(await claim(db, mailing))) return drop('there was an e-mail about the same person within a day')
  const to = { name: name === null ? '' : plainName(name), address }
  const letter = emailOf(occasion, addresses(office.baseUrl))
  const failure = occasion.isWhole ? await trySending(post, { ...letter, id: taken.id, to }, signal) : withoutToken
  if (failure === undefined) {
    await markSent(db, taken)
    return log.info('letter sent')
  }
  if (failure.isPermanent || taken.attempts === maxAttempts) return giveUp(failure.summary)
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
const withoutToken: EmailFailure = { isPermanent: false, summary: 'TOKEN_SECRET lacks the secret of its token' }

async function trySending(post: Post, letter: Addressed, signal: AbortSignal): Promise<EmailFailure | undefined> {
  try {
    await post(letter, signal)
    return undefined
  } catch (error) {
    return emailFailure(error)
  }
}

/** A letter that cannot go out is given up after so many attempts, which is most of a day. */
const maxAttempts = 12

const minute = 60_000
const maxPauseMs = 360 * minute

/**
 * How long to wait after an attempt, in milliseconds: a minute, then twice as long each time, to six hours; by up to
 * half less, so that what failed together does not come again together.
 *
 * @param attempts how many there were
 * @param random from 0 to 1
 */
export function pauseAfter(attempts: number, random: number): number {
  return Math.min(minute * 2 ** (attempts - 1), maxPauseMs) * (1 - random / 2)
}

/** Why a letter did not go out. */
interface EmailFailure {
  /** Whether it would be the same at every later attempt. */
  readonly isPermanent: boolean
  /** In short, without address and text: a mail server's own words may hold both. */
  readonly summary: string
}

/** Says that we may not send at all, where it comes (RFC 4954): nothing about this letter. */
const signInWanted = 530

/**
 * Judges an error of `post`. Permanent is only what the server says for good of the recipient or of the letter; that
 * it does not let us in, or does not like the sender, can be mended.
 */
export function emailFailure(error: unknown): EmailFailure {
  const { name, code, originalCode, command, responseCode } = error as Partial<
    Record<'name' | 'code' | 'originalCode' | 'command', string> & { responseCode: number }
  >
  const isOfLetter = (code === 'EENVELOPE' && command === 'RCPT TO') || command === 'DATA'
  const isForGood = responseCode !== undefined && responseCode >= 500 && responseCode !== signInWanted
  const parts = code === undefined ? [name] : [code, originalCode, command, responseCode]
  return { isPermanent: isOfLetter && isForGood, summary: parts.filter(Boolean).join(' ') }
}
