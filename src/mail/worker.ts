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
  claimAddress,
  findSnapshot,
  markDead,
  markDropped,
  markSent,
  postpone,
  releaseAddress,
  leaseDue,
  type OutboxRow,
} from './outbox-store.js'
import type { Addressed, Post } from './smtp.js'

const concurrency = 5
const pollIntervalMs = 2_000
/** The timeout for sending one e-mail. Must be well below the ten minutes of a lease. */
const maxSendMs = 120_000
const maxShutdownMs = 5_000

/**
 * Sends e-mails as they become due until `stop`, then ends within seconds. During a database outage, logs one warning
 * and keeps trying. Any number of processes may share an outbox. Never rejects.
 */
export async function sendEmails(services: MailServices, stop: AbortSignal): Promise<void> {
  const end = shortlyAfter(stop)
  let isAway = false
  while (!stop.aborted) {
    let isMore = false
    try {
      isMore = await sendDue(services, end)
      isAway = false
    } catch (error) {
      if (!isAway) services.log.warn({ err: error }, 'database unavailable; e-mail paused')
      isAway = true
    }
    if (!isMore) await wait(pollIntervalMs, undefined, { signal: stop }).catch(() => {})
  }
}

/**
 * Leases a batch of due e-mails and sends them concurrently.
 *
 * @param end aborts e-mails in transit
 * @returns whether more may be due
 * @throws database errors, after the whole batch has settled
 */
export async function sendDue(services: MailServices, end: AbortSignal): Promise<boolean> {
  const rows = await leaseDue(services.db, concurrency)
  const outcomes = await Promise.allSettled(
    rows.map((row) => deliver(services, row, AbortSignal.any([end, AbortSignal.timeout(maxSendMs)]))),
  )
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
  return rows.length === concurrency
}

/** Returns a signal that aborts a few seconds after `stop`, so that e-mails in transit can still be delivered. */
function shortlyAfter(stop: AbortSignal): AbortSignal {
  const end = new AbortController()
  const endSoon = () => void setTimeout(() => end.abort(), maxShutdownMs).unref()
  if (stop.aborted) endSoon()
  else stop.addEventListener('abort', endSoon, { once: true })
  return end.signal
}

/** The services that sending e-mails depends on. */
export interface MailServices {
  readonly db: Kysely<Tables>
  readonly log: Logger
  readonly post: Post
  /** Public base URL of links. */
  readonly baseUrl: string
  /** The keys for deriving tokens, since the database stores no tokens. */
  readonly tokenKeys: TokenKeys
  /** Returns a number from 0 to 1. */
  readonly random: () => number
}

/**
 * Sends the e-mail of an outbox row if it is still needed, and records the outcome.
 *
 * @param signal aborts an e-mail in transit
 * @throws database errors; the row becomes due again when its lease ends
 */
async function deliver(services: MailServices, row: OutboxRow, signal: AbortSignal): Promise<void> {
  const { db, post } = services
  const log = services.log.child({ email: row.id, kind: row.kind, recipient: row.recipientId })
  if (row.attempts > maxAttempts) return giveUp('every attempt was interrupted')
  const { connectionId, title } = row.payload
  if (typeof connectionId !== 'string' || !isUuid(connectionId)) return giveUp('the row has no connection')

  const snapshot = await findSnapshot(db, row.recipientId, connectionId)
  const content = contentOf({ ...row, title: typeof title === 'string' ? title : null }, snapshot, services)
  if (typeof content === 'string') return drop(content)
  const { name, address } = content.recipient
  const claim = { emailId: row.id, aboutId: content.person.id, address }
  // One e-mail a day about each person, to protect recipients from inviters. An acceptance answers an invitation of the
  // recipient, so it is exempt.
  const isLimited = row.kind !== 'accepted'
  if (isLimited && !(await claimAddress(db, claim)))
    return drop('this recipient was sent an e-mail about this person in the last 24 hours')
  const to = { name: name === null ? '' : plainName(name), address }
  const email = emailOf(content, addresses(services.baseUrl))
  const failure = content.isComplete ? await trySending(post, { ...email, id: row.id, to }, signal) : withoutToken
  if (failure === undefined) {
    await markSent(db, row)
    return log.info('e-mail sent')
  }
  if (failure.isPermanent || row.attempts === maxAttempts) return giveUp(failure.summary)
  if (isLimited) await releaseAddress(db, claim)
  await postpone(db, row, failure.summary, backoffMs(row.attempts, services.random()))
  log.warn({ error: failure.summary, attempts: row.attempts }, 'e-mail postponed')

  async function drop(reason: string) {
    await markDropped(db, row)
    log.info({ reason }, 'e-mail dropped')
  }

  async function giveUp(error: string) {
    await markDead(db, row, error)
    log.warn({ error, attempts: row.attempts }, 'gave up on e-mail')
  }
}

/** Not permanent: another server may have the secret. */
const withoutToken: EmailFailure = {
  isPermanent: false,
  summary: 'TOKEN_SECRET does not contain the secret of the token',
}

async function trySending(post: Post, email: Addressed, signal: AbortSignal): Promise<EmailFailure | undefined> {
  try {
    await post(email, signal)
    return undefined
  } catch (error) {
    return emailFailure(error)
  }
}

/** With the pauses between them, 12 attempts take about 10 to 20 hours. */
const maxAttempts = 12

const minute = 60_000
const maxPauseMs = 360 * minute

/**
 * The backoff after an attempt: one minute, doubled after each attempt, at most six hours. A random share of up to one
 * half is subtracted.
 *
 * @param attempts number of attempts so far
 * @param random from 0 to 1
 * @returns milliseconds
 */
export function backoffMs(attempts: number, random: number): number {
  return Math.min(minute * 2 ** (attempts - 1), maxPauseMs) * (1 - random / 2)
}

interface EmailFailure {
  /** Whether further attempts would fail, too. */
  readonly isPermanent: boolean
  /** Error codes only, since a mail server's reply may quote addresses or the message. */
  readonly summary: string
}

/** The reply `Authentication required` (RFC 4954) is about the configuration, not about this e-mail. */
const authenticationRequired = 530

/**
 * Classifies an error of `post`. Only 5xx replies about the recipient or the content are permanent. A rejected sign-in
 * or sender is not, since an operator can correct the configuration.
 */
export function emailFailure(error: unknown): EmailFailure {
  const { name, code, originalCode, command, responseCode } = error as Partial<
    Record<'name' | 'code' | 'originalCode' | 'command', string> & { responseCode: number }
  >
  const isAboutEmail = (code === 'EENVELOPE' && command === 'RCPT TO') || command === 'DATA'
  const isRejected = responseCode !== undefined && responseCode >= 500 && responseCode !== authenticationRequired
  const parts = code === undefined ? [name] : [code, originalCode, command, responseCode]
  return { isPermanent: isAboutEmail && isRejected, summary: parts.filter(Boolean).join(' ') }
}
