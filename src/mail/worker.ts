import { setTimeout as wait } from 'node:timers/promises'
import { deliver, type MailServices } from './deliver.js'
import { takeDue } from './outbox-store.js'

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
