import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Logger } from 'pino'
import { Failure, type FailureCode } from '../errors.js'
import { answerWithoutRequest } from './errors.js'
import { awaitContinue, linger } from './request/body.js'

/** Times in milliseconds (docs/trust.md, Limits). */
const defaults = {
  connections: 1_000,
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  connectionsCheckingInterval: 2_000,
  keepAliveTimeout: 5_000,
  maxHeaderSize: 16 * 1024,
  // The app refuses a missing host itself, in the API's error form.
  requireHostHeader: false,
  /** How long a connection may make no progress. */
  silence: 30_000,
}

/**
 * A server for our app, which listens to its `request`s: what only a server can do against clients that send or read too
 * slowly, or send what is not HTTP.
 *
 * @param changed limits that differ from the usual ones
 */
export function openServer(log: Logger, changed: Partial<typeof defaults> = {}): Server {
  const { connections, silence, ...limits } = { ...defaults, ...changed }
  const server = createServer(limits)
  server.maxRequestsPerSocket = 1_000
  // No limit beside the size of the head: Node would drop the fields beyond it, a second host among them.
  server.maxHeadersCount = 0
  server.setTimeout(silence)
  const isAnswering = closeOldestIdle(server, connections)

  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    awaitContinue(request)
    server.emit('request', request, response)
  })
  // Other expectations may be ignored (RFC 9110, section 10.1.1).
  server.on('checkExpectation', (request: IncomingMessage, response: ServerResponse) =>
    server.emit('request', request, response),
  )
  const refuse = (socket: Socket, failure: Failure) => {
    const { status, text } = answerWithoutRequest(failure)
    log.debug({ status, from: socket.remoteAddress }, 'no request')
    if (!socket.writable || isAnswering(socket)) return void socket.destroy()
    socket.write(text)
    linger(socket)
  }
  server.on('connect', (_request: IncomingMessage, socket: Socket) => {
    refuse(socket, new Failure('notImplemented', 'This server is not a proxy: CONNECT is not taken.'))
  })
  server.on('clientError', (error: ParseError, socket: Socket) => {
    if (error.code === 'ECONNRESET') return void socket.destroy()
    refuse(socket, failureOf(error))
  })
  return server
}

/** What Node says of bytes that it cannot make a request of. */
interface ParseError extends Error {
  readonly code?: string
  readonly rawPacket?: Buffer
  /** Where in the packet it stopped. */
  readonly bytesParsed?: number
}

const failures: Record<string, readonly [FailureCode, string]> = {
  HPE_HEADER_OVERFLOW: ['headTooLarge', `The head of a request may have at most ${defaults.maxHeaderSize} bytes.`],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: ['bodyTooLarge', 'The body has too many chunk extensions.'],
  ERR_HTTP_REQUEST_TIMEOUT: ['tooSlow', 'The request did not arrive in time.'],
}

function failureOf(error: ParseError): Failure {
  const [code, sentence] = failures[error.code ?? ''] ?? [isMethod(error) ? 'notImplemented' : 'invalid', '']
  if (code === 'notImplemented') return new Failure(code, 'This server does not know that method.')
  return new Failure(code, sentence || 'The request is not well-formed HTTP/1.1.', { cause: error })
}

/**
 * Whether it stopped at a method that may well be one (RFC 9110, section 9.1), rather than at bytes of another
 * protocol.
 */
function isMethod({ code, rawPacket = Buffer.of(), bytesParsed = 0 }: ParseError): boolean {
  if (code !== 'HPE_INVALID_METHOD') return false
  const line = rawPacket.subarray(rawPacket.lastIndexOf('\n', bytesParsed) + 1).toString('latin1')
  return /^[\w!#$%&'*+.^`|~-]+ \S/.test(line)
}

interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
}

/**
 * Which connections give way, the most idle first: no request, one still under way to us, an answer that is not read.
 */
const givingWay: readonly ((exchange: Exchange | undefined) => boolean)[] = [
  (exchange) => exchange === undefined,
  (exchange) => exchange?.request.complete === false,
  (exchange) => exchange?.response.writableEnded === true,
]

/**
 * Knows which connections are idle, and closes the oldest of them for a new one if there are too many.
 *
 * @returns whether an answer on a connection has begun
 */
function closeOldestIdle(server: Server, most: number): (socket: Socket) => boolean {
  // In the order in which they became what they are.
  const open = new Map<Socket, Exchange | undefined>()
  const set = (socket: Socket, exchange: Exchange | undefined) => {
    open.delete(socket)
    open.set(socket, exchange)
  }
  const oldest = () => {
    for (const isIdle of givingWay) {
      for (const [socket, exchange] of open) if (isIdle(exchange)) return socket
    }
    return undefined
  }
  server.on('connection', (socket: Socket) => {
    if (open.size >= most) {
      const leaving = oldest() ?? socket
      open.delete(leaving)
      leaving.destroy()
      if (leaving === socket) return
    }
    open.set(socket, undefined)
    socket.once('close', () => open.delete(socket))
  })
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const { socket } = request
    if (!open.has(socket)) return
    set(socket, { request, response })
    response.once('close', () => {
      if (open.get(socket)?.response === response) set(socket, undefined)
    })
  })
  // To Node a connection is idle as soon as its answer is made, though not sent, and is not before its first request.
  server.closeIdleConnections = () => {
    for (const [socket, exchange] of open) if (!exchange && socket.writable) socket.destroy()
  }
  return (socket) => open.get(socket)?.response.headersSent === true
}
