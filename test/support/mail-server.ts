import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import PostalMime, { type Email } from 'postal-mime'
import { SMTPServer } from 'smtp-server'

export interface Received {
  from: string
  to: string[]
  /** Whether it came by TLS. */
  secure: boolean
  raw: string
  mail: Email
}

/** A refusal at one step of an e-mail. */
export interface Refusal {
  at: 'sender' | 'recipient' | 'data'
  code: number
}

export interface MailServer {
  /** As `SMTP_URL`; signs in with the right password. */
  url: string
  port: number
  received: Received[]
  /** Its answer from now on; undefined accepts. */
  refuse: Refusal | undefined
  /** Called before an e-mail is acknowledged. */
  beforeAnswer: (() => void | Promise<void>) | undefined
  close(): Promise<void>
}

/** A local mail server that stores all e-mails. */
export async function startMailServer(): Promise<MailServer> {
  const refusing = (at: Refusal['at']) => {
    if (mailServer.refuse?.at !== at) return null
    return Object.assign(new Error('no, not for ann@example.com'), { responseCode: mailServer.refuse.code })
  }
  const server = new SMTPServer({
    authOptional: true,
    logger: false,
    onAuth: ({ username, password }, _session, done) =>
      username === 'post@example.com' && password === 'p:ss/%'
        ? done(null, { user: username })
        : done(new Error('wrong')),
    onMailFrom: (_address, _session, done) => done(refusing('sender')),
    onRcptTo: (_address, _session, done) => done(refusing('recipient')),
    onData: (stream, session, done) => {
      const take = async () => {
        const raw = await buffer(stream)
        const refusal = refusing('data')
        if (refusal) return done(refusal)
        const { mailFrom, rcptTo } = session.envelope
        mailServer.received.push({
          from: mailFrom ? mailFrom.address : '',
          to: rcptTo.map(({ address }) => address),
          secure: session.secure,
          raw: raw.toString('latin1'),
          mail: await PostalMime.parse(raw),
        })
        await mailServer.beforeAnswer?.()
        done()
      }
      void take()
    },
  })
  // Ignores connections closed by the client.
  server.on('error', () => {})
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.server.address() as AddressInfo
  const mailServer: MailServer = {
    url: `smtp://post%40example.com:p%3Ass%2F%25@127.0.0.1:${port}`,
    port,
    received: [],
    refuse: undefined,
    beforeAnswer: undefined,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  }
  return mailServer
}
