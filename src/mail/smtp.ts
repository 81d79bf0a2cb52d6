import { createTransport } from 'nodemailer'
import { isLoopback, type Mailbox } from '../formats.js'
import type { Email } from './email.js'

/** A letter with its addressee. */
export interface Addressed extends Email {
  /** Names the letter for ever: a copy, if one must be sent, has the same and can be told as one. */
  readonly id: string
  readonly to: Mailbox
}

/** Hands a letter to the mail server; resolves once the server has it, rejects as nodemailer does. */
export type Post = (addressed: Addressed, signal: AbortSignal) => Promise<void>

/**
 * Makes ready for letters to a mail server, which is spoken to for each letter anew.
 *
 * @param server as `SMTP_URL`
 * @param host names this site in the id of every letter
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

/** Credentials go to another machine by TLS only; on this one its certificate need not be anybody's. */
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
