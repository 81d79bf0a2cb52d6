import { createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Request, RequestHandler } from 'express'
import { LRUCache } from 'lru-cache'
import readWhole from 'raw-body'
import { Failure } from '../../errors.js'
import { networkOf } from '../../identity/throttle-store.js'
import type { HttpServices } from '../services.js'

const maxBodyBytes = 64 * 1024
/** In seconds. */
const maxSeconds = 5
/** How many bytes a second a body brings at least, counted from its beginning, once so many seconds are over. */
const minBytesPerSecond = 500
const graceSeconds = 2
/** How many bodies may be under way at the same time. */
const maxUploads = { address: 50, account: 20 }

const awaiting = new WeakSet<IncomingMessage>()

/** Notes that a client sends the body of this request only after `100 Continue`. */
export const awaitContinue = (request: IncomingMessage): void => void awaiting.add(request)

/**
 * Middleware: receives the body of a request. It takes no place among the requests that are served (`load.ts`) meanwhile.
 * Bodies that did not come along with the head are counted, for each address and account.
 *
 * @param second how long a second is, in milliseconds
 * @throws Failure `bodyTooLarge` for more than 64 KiB, `mediaTypeUnsupported` for a compressed body, `tooSlow`, `tooMany`
 *   for one of too many from an address or account, `invalid` for a body that ends early
 */
export function receiveBody(services: Pick<HttpServices, 'load' | 'senderOf'>, second = 1_000): RequestHandler {
  const underWay = new Map<string, number>()
  const accountOf = accounts(services, second)
  return async (request, response, next) => {
    // Another parser may have read it, if we are mounted in another app.
    if (!hasBody(request) || !request.readable) return next()
    checkForm(request)
    if (!awaiting.has(request)) await nextTurn()
    if (request.complete) await receive(request)
    else {
      const leaving = [enter(underWay, addressOf(request))]
      try {
        const account = await accountOf(request)
        if (account) leaving.push(enter(underWay, account))
        if (awaiting.has(request)) response.writeContinue()
        await inTime(request, receive(request), second)
      } finally {
        for (const leave of leaving) leave()
      }
    }
    bodyIsRead(response)
    next()
  }
}

/** The body that was received; no bytes if there is none. */
export const bodyOf = ({ body }: Request): Uint8Array => (body instanceof Uint8Array ? body : new Uint8Array())

/** Refuses by what the head says, so that nothing is read of a body that is not taken. */
function checkForm({ headers }: Request): void {
  if (Number(headers['content-length'] ?? 0) > maxBodyBytes) throw tooLarge()
  if ((headers['content-encoding'] ?? 'identity').toLowerCase() === 'identity') return
  throw new Failure('mediaTypeUnsupported', 'Send the body as it is, not compressed, without Content-Encoding.')
}

const tooLarge = (cause?: unknown) =>
  new Failure('bodyTooLarge', `The body may have at most ${maxBodyBytes} bytes.`, { cause })

async function receive(request: Request): Promise<void> {
  try {
    request.body = await readWhole(request, { limit: maxBodyBytes, length: request.headers['content-length'] ?? null })
  } catch (cause) {
    if ((cause as readWhole.RawBodyError).type === 'entity.too.large') throw tooLarge(cause)
    throw new Failure('invalid', 'The body ended early or does not match Content-Length.', { cause })
  }
}

/** A sender whose bodies are counted. */
interface Sender {
  readonly key: string
  readonly most: number
  readonly called: string
}

/** The address that a body comes from. It is counted first: whose body it is costs a look into the database. */
const addressOf = ({ ip }: Request): Sender => ({
  key: `address ${networkOf(ip ?? '')}`,
  most: maxUploads.address,
  called: 'One address',
})

/**
 * Finds the account that sends a body, if its credentials are right. That is remembered for a second: an account that sends
 * hundreds would have each looked up, though most are refused.
 */
function accounts({ load, senderOf }: Pick<HttpServices, 'load' | 'senderOf'>, second: number) {
  const known = new LRUCache<string, Promise<Sender | undefined>>({ max: 1_000, ttl: second })
  const find = async (request: Request): Promise<Sender | undefined> => {
    const leave = load.takePlace()
    // Credentials that are not right are refused later, in the order of all refusals.
    const identity = await senderOf(request).catch(() => null)
    leave()
    return identity
      ? { key: `account ${identity.account.id}`, most: maxUploads.account, called: 'An account' }
      : undefined
  }
  return (request: Request): Promise<Sender | undefined> => {
    const { authorization = '', cookie = '' } = request.headers
    const credentials = createHash('sha256').update(`${authorization}\n${cookie}`).digest('base64')
    const before = known.get(credentials)
    if (before) return before
    const found = find(request)
    known.set(credentials, found)
    found.catch(() => known.delete(credentials))
    return found
  }
}

/** Counts a body under way for a sender. @returns ends that */
function enter(underWay: Map<string, number>, { key, most, called }: Sender): () => void {
  const count = underWay.get(key) ?? 0
  if (count >= most) {
    throw new Failure('tooMany', `${called} may send ${most} bodies at the same time; wait until one has arrived.`)
  }
  underWay.set(key, count + 1)
  return () => {
    const left = (underWay.get(key) ?? 0) - 1
    if (left > 0) underWay.set(key, left)
    else underWay.delete(key)
  }
}

/** Waits for a body, unless it takes too long or comes too slowly. */
function inTime(request: Request, received: Promise<void>, second: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let bytes = 0
    let seconds = 0
    request.on('data', (chunk: Buffer) => (bytes += chunk.length))
    const watch = setInterval(() => {
      seconds++
      const isSlow = seconds >= graceSeconds && bytes < seconds * minBytesPerSecond
      if (seconds < maxSeconds && !isSlow) return
      clearInterval(watch)
      reject(
        new Failure(
          'tooSlow',
          `A body has to arrive within ${maxSeconds} seconds, with ${minBytesPerSecond} bytes a second or more.`,
        ),
      )
    }, second)
    void received.then(resolve, reject).finally(() => clearInterval(watch))
  })
}

/** How many bytes are thrown away, and for how many milliseconds, before the connection is destroyed. */
const maxDiscardedBytes = 1024 * 1024
const maxLingerMs = 2_000

const leaving = new WeakSet<Socket>()

/**
 * Closes our side of a connection and throws away what still arrives. A connection that is destroyed with unread bytes is
 * reset, and the reset can take the answer from a client that is still sending.
 */
export function linger(socket: Socket): void {
  if (leaving.has(socket)) return
  leaving.add(socket)
  const destroy = () => void socket.destroy()
  const timer = setTimeout(destroy, maxLingerMs)
  const before = socket.bytesRead
  socket.once('close', () => clearTimeout(timer))
  socket.once('end', destroy)
  socket.on('data', () => {
    if (socket.bytesRead - before > maxDiscardedBytes) destroy()
  })
  socket.end()
  socket.resume()
}

/** Whether a request has a body (RFC 9112, section 6.3). */
export const hasBody = ({ headers }: Pick<IncomingMessage, 'headers'>): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0

const keptAlive = new WeakMap<ServerResponse, boolean>()

/**
 * Until the body of a request has been read (`bodyIsRead`), an answer is the last on its connection. Whatever follows on
 * that connection is not served (RFC 9112, section 9.6).
 */
export const closeUnlessRead: RequestHandler = (request, response, next) => {
  const { socket } = request
  if (leaving.has(socket)) return
  if (hasBody(request) && !request.complete) {
    keptAlive.set(response, response.shouldKeepAlive)
    response.shouldKeepAlive = false
    // Node calls this after the last answer.
    socket.destroySoon = () => {
      if (request.complete) return Socket.prototype.destroySoon.call(socket)
      request.resume()
      linger(socket)
    }
  }
  next()
}

/** The connection goes on after the answer, if it would have without a body. */
export function bodyIsRead(response: ServerResponse): void {
  response.shouldKeepAlive = keptAlive.get(response) ?? response.shouldKeepAlive
}
