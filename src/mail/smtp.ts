import { createTransport } from 'nodemailer'
import { isLoopback, type Mailbox } from '../formats.js'
import type { Email } from './email.js'

/** An e-mail with its recipient. */
export interface Addressed extends Email {
  /** The first part of the Message-ID. The same for every attempt, so that recipients can recognize duplicates. */
  readonly id: string
  readonly to: Mailbox
}

/** Hands an e-mail to the mail server. Resolves once the server has accepted it; rejects with nodemailer's error. */
export type Post = (addressed: Addressed, signal: AbortSignal) => Promise<void>

/**
 * Returns a function that sends e-mails through a mail server, each over its own connection.
 *
 * @param server the value of `SMTP_URL`
 * @param host the host in every Message-ID
 */
export function openPost(server: string, from: Mailbox, host: string): Post {
  const transport = createTransport({
    ...connectionTo(server),
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  return async ({ id, to, subject, text, html }, signal) => {
    await transport.sendMail({
      messageId: `<${id}@${host}>`,
      from,
      to,
      subject,
      text,
      html,
      headers: { 'Auto-Submitted': 'auto-generated' },
      signal,
    })
  }
}

/** Credentials are sent to other machines only over TLS. On loopback, any certificate is accepted. */
function connectionTo(server: string) {
  const { protocol, hostname, port, username, password } = new URL(server)
  const isHere = isLoopback(hostname)
  const auth = { user: decodeURIComponent(username), pass: decodeURIComponent(password) }
  const secure = protocol === 'smtps:'
  return {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? (secure ? 465 : 587) : Number(port),
    secure,
    requireTLS: username !== '' && !isHere,
    ...(isHere && { tls: { rejectUnauthorized: false } }),
    ...(username !== '' && { auth }),
    connectionTimeout: 10_000,
    greetingTimeout: 10_000,
    socketTimeout: 30_000,
  }
}
