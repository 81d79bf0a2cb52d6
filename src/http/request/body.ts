import { createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { LRUCache } from 'lru-cache'
import readWhole from 'raw-body'
import { Failure } from '../../errors.js'
import type { Head } from '../exchange.js'
import type { Load } from '../load.js'

const maxBodyBytes = 64 * 1024
const maxSeconds = 5
/** The minimum average rate of a body. Checked only after the grace period. */
const minBytesPerSecond = 500
const graceSeconds = 2
/** The maximum number of bodies that one network or account may send at the same time. */
const maxUploads = { network: 50, account: 20 }

const awaiting = new WeakSet<IncomingMessage>()

/** Marks a request that sends its body only after `100 Continue`. */
export const awaitContinue = (request: IncomingMessage): void => void awaiting.add(request)

/** Receives the body of a request. Empty if the request has none. */
type Receive = (
  request: IncomingMessage,
  response: ServerResponse,
  head: Pick<Head, 'client' | 'identity'>,
) => Promise<Uint8Array>

/**
 * Creates the function that receives bodies. While a body arrives, its request does not take a place of `load.ts`,
 * except to look up the account. A body that does not arrive together with the head counts against the maximum of its
 * network and account until it has arrived.
 *
 * @param second the length of a second, in milliseconds; tests shorten it
 * @returns a function that rejects with Failure `bodyTooLarge` for more than 64 KiB, `mediaTypeUnsupported` for a
 *   compressed body, `tooSlow`, `tooMany` for too many bodies from a network or account, `invalid` for a body that ends
 *   early
 */
export function receiver(load: Pick<Load, 'takePlace'>, second = 1_000): Receive {
  const uploads = new Map<string, number>()
  const accountOf = accountFinder(load, second)
  return async (request, response, head) => {
    // If this app is mounted in another one, a parser there may have read the body already.
    if (!hasBody(request) || !request.readable) return bodyBefore(request)
    checkForm(request)
    if (!awaiting.has(request)) await nextTurn()
    const body = request.complete ? await read(request) : await upload(request, response, head)
    bodyIsRead(response)
    return body
  }

  async function upload(...[request, response, head]: Parameters<Receive>): Promise<Uint8Array> {
    const leaving = [enter(uploads, networkSender(head))]
    try {
      const account = await accountOf(request, head)
      if (account) leaving.push(enter(uploads, account))
      if (awaiting.has(request)) response.writeContinue()
      return await inTime(request, read(request), second)
    } finally {
      for (const leave of leaving) leave()
    }
  }
}

function bodyBefore(request: IncomingMessage): Uint8Array {
  const { body } = request as { readonly body?: unknown }
  return body instanceof Uint8Array ? body : new Uint8Array()
}

/** Checks the header fields of a body, before it is read. */
function checkForm({ headers }: IncomingMessage): void {
  if (Number(headers['content-length'] ?? 0) > maxBodyBytes) throw tooLarge()
  if ((headers['content-encoding'] ?? 'identity').toLowerCase() === 'identity') return
  throw new Failure('mediaTypeUnsupported', 'Send the body uncompressed, without Content-Encoding.')
}

const tooLarge = (cause?: unknown) =>
  new Failure('bodyTooLarge', `The body may have at most ${maxBodyBytes} bytes.`, { cause })

async function read(request: IncomingMessage): Promise<Uint8Array> {
  try {
    return await readWhole(request, { limit: maxBodyBytes, length: request.headers['content-length'] ?? null })
  } catch (cause) {
    if ((cause as readWhole.RawBodyError).type === 'entity.too.large') throw tooLarge(cause)
    throw new Failure('invalid', 'The body ended early or does not match Content-Length.', { cause })
  }
}

/** The network or account that sends a body, with its limit of bodies. */
interface Sender {
  readonly key: string
  readonly max: number
  readonly name: string
}

/** The network is counted first, since finding the account needs a query. */
const networkSender = ({ client }: Pick<Head, 'client'>): Sender => ({
  key: `network ${client.network}`,
  max: maxUploads.network,
  name: 'One address',
})

/**
 * Creates a function that finds the account that sends a body, if its credentials are valid. Results are cached for a
 * second, so that an account with hundreds of bodies does not cause hundreds of queries.
 */
function accountFinder(load: Pick<Load, 'takePlace'>, second: number) {
  const known = new LRUCache<string, Promise<Sender | undefined>>({ max: 1_000, ttl: second })
  const find = async ({ identity }: Pick<Head, 'identity'>): Promise<Sender | undefined> => {
    const leave = load.takePlace()
    // Ignore invalid credentials here; the handler refuses them.
    const sender = await identity().catch(() => null)
    leave()
    return sender ? { key: `account ${sender.account.id}`, max: maxUploads.account, name: 'An account' } : undefined
  }
  return ({ headers }: IncomingMessage, head: Pick<Head, 'identity'>): Promise<Sender | undefined> => {
    const { authorization = '', cookie = '' } = headers
    const credentials = createHash('sha256').update(`${authorization}\n${cookie}`).digest('base64')
    const before = known.get(credentials)
    if (before) return before
    const found = find(head)
    known.set(credentials, found)
    found.catch(() => known.delete(credentials))
    return found
  }
}

/** Counts an arriving body, and returns a function to call when it has arrived. @throws Failure `tooMany` */
function enter(uploads: Map<string, number>, { key, max, name }: Sender): () => void {
  const count = uploads.get(key) ?? 0
  if (count >= max) {
    throw new Failure('tooMany', `${name} may send ${max} bodies at the same time; wait until one has arrived.`)
  }
  uploads.set(key, count + 1)
  return () => {
    const left = (uploads.get(key) ?? 0) - 1
    if (left > 0) uploads.set(key, left)
    else uploads.delete(key)
  }
}

/** Waits for a body. Rejects with Failure `tooSlow` if it takes too long or arrives too slowly. */
function inTime<Body>(request: IncomingMessage, received: Promise<Body>, second: number): Promise<Body> {
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
          `A body must arrive within ${maxSeconds} seconds, at ${minBytesPerSecond} bytes a second or more.`,
        ),
      )
    }, second)
    void received.then(resolve, reject).finally(() => clearInterval(watch))
  })
}

/** A connection is destroyed after this many discarded bytes, or after this time. */
const maxDiscardedBytes = 1024 * 1024
const maxLingerMs = 2_000

const leaving = new WeakSet<Socket>()

/**
 * Closes our side of a connection and discards the bytes that still arrive. Destroying a connection with unread bytes
 * resets it, and a client that is still sending could lose the answer.
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
const hasBody = ({ headers }: Pick<IncomingMessage, 'headers'>): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0

const keptAlive = new WeakMap<ServerResponse, boolean>()

/**
 * Closes the connection after the answer to a request, unless the body is read first (`bodyIsRead`).
 *
 * @returns false if an earlier answer already closes the connection. The request must not be served then (RFC 9112,
 *   section 9.6)
 */
export function closeUnlessRead(request: IncomingMessage, response: ServerResponse): boolean {
  const { socket } = request
  if (leaving.has(socket)) return false
  if (hasBody(request) && !request.complete) {
    keptAlive.set(response, response.shouldKeepAlive)
    response.shouldKeepAlive = false
    // Node calls this method after the last answer on a connection.
    socket.destroySoon = () => {
      if (request.complete) return Socket.prototype.destroySoon.call(socket)
      request.resume()
      linger(socket)
    }
  }
  return true
}

/** Undoes `closeUnlessRead`: the connection stays open after the answer. */
function bodyIsRead(response: ServerResponse): void {
  response.shouldKeepAlive = keptAlive.get(response) ?? response.shouldKeepAlive
}
