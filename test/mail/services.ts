import { pino } from 'pino'
import { openPost } from '../../src/mail/smtp.js'
import { type MailServices, sendDue } from '../../src/mail/worker.js'

/** Services that send by a mail server and collect log lines. */
export function mailServices(
  { db, tokenKeys }: Pick<MailServices, 'db' | 'tokenKeys'>,
  url: string,
  logged: Record<string, unknown>[],
): MailServices {
  const log = pino({ base: null }, { write: (line) => void logged.push(JSON.parse(line) as Record<string, unknown>) })
  const post = openPost(url, { name: 'Connections', address: 'post@example.com' }, 'connections.example')
  return { db, log, post, baseUrl: 'https://connections.example', tokenKeys, random: () => 0 }
}

/** Aborts no e-mail in transit. */
export const never: AbortSignal = new AbortController().signal

/** Sends until the outbox is empty. */
export async function sendAll(services: MailServices): Promise<void> {
  while (await sendDue(services, never));
}
