import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { Server as NetServer, type Socket } from 'node:net'
import type { Logger } from 'pino'
import { Failure, type FailureCode } from '../errors.js'
import { answerWithoutRequest } from './refusals.js'
import { awaitContinue, linger } from './request/body.js'

/** Limits (docs/trust.md, Limits). Times are in milliseconds. */
const defaults = {
  connections: 1_000,
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  connectionsCheckingInterval: 2_000,
  keepAliveTimeout: 5_000,
  maxHeaderSize: 16 * 1024,
  // The app refuses a missing host itself, with an error document of the API.
  requireHostHeader: false,
  /** Maximum time without activity on a connection. */
  silence: 30_000,
}

/**
 * A server that can shut down gracefully. Node's own `close` and `closeIdleConnections` would drop answers that are not
 * sent yet, and would keep connections open that have not sent a request.
 */
export interface OpenServer {
  readonly server: Server
  /** Resolves once all connections are closed. */
  readonly stopListening: () => Promise<void>
  readonly closeIdle: () => void
}

/**
 * Creates a server. The caller must attach the app to its `request` event. The server disconnects clients that send or
 * read too slowly, and answers data that is not valid HTTP.
 *
 * @param changed limits to override
 */
export function openServer(log: Logger, changed: Partial<typeof defaults> = {}): OpenServer {
  const { connections, silence, ...limits } = { ...defaults, ...changed }
  const server = createServer(limits)
  server.maxRequestsPerSocket = 1_000
  // No limit on the number of header fields: Node would silently drop the excess, such as a second Host. The size of
  // the head is limited instead.
  server.maxHeadersCount = 0
  server.setTimeout(silence)
  const { lastOn, closeIdle } = trackConnections(server, connections)

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
    log.debug({ status, from: socket.remoteAddress }, 'malformed request')
    const before = lastOn(socket)
    if (before?.request.complete) return closeAfter(before.response, socket)
    if (!socket.writable || before?.response.headersSent) return void socket.destroy()
    socket.write(text)
    linger(socket)
  }
  server.on('connect', (_request: IncomingMessage, socket: Socket) => {
    refuse(socket, new Failure('notImplemented', 'This server is not a proxy and does not accept CONNECT.'))
  })
  server.on('clientError', (error: ParseError, socket: Socket) => {
    if (error.code === 'ECONNRESET') return void socket.destroy()
    refuse(socket, failureOf(error))
  })
  const stopListening = () => new Promise<void>((resolve) => NetServer.prototype.close.call(server, () => resolve()))
  return { server, stopListening, closeIdle }
}

/**
 * Closes a connection after its pending answer. Malformed data that follows a valid request must not cut off the
 * answer.
 */
function closeAfter(response: ServerResponse, socket: Socket): void {
  response.shouldKeepAlive = false
  response.once('close', () => socket.destroySoon())
}

/** Node's error for data that is not a request. */
interface ParseError extends Error {
  readonly code?: string
  readonly rawPacket?: Buffer
  /** The offset in the packet at which the parser stopped. */
  readonly bytesParsed?: number
}

const failures: Record<string, readonly [FailureCode, string]> = {
  HPE_HEADER_OVERFLOW: ['headTooLarge', `The head of a request may have at most ${defaults.maxHeaderSize} bytes.`],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: ['bodyTooLarge', 'The body has too many chunk extensions.'],
  ERR_HTTP_REQUEST_TIMEOUT: ['tooSlow', 'The request did not arrive in time.'],
}

function failureOf(error: ParseError): Failure {
  const [code, sentence] = failures[error.code ?? ''] ?? [isMethod(error) ? 'notImplemented' : 'invalid', '']
  if (code === 'notImplemented') return new Failure(code, 'This server does not support this method.')
  return new Failure(code, sentence || 'The request is not well-formed HTTP/1.1.', { cause: error })
}

/** Whether data looks like a request with an unknown method (RFC 9110, section 9.1), not like another protocol. */
function isMethod({ code, rawPacket = Buffer.of(), bytesParsed = 0 }: ParseError): boolean {
  if (code !== 'HPE_INVALID_METHOD') return false
  const line = rawPacket.subarray(rawPacket.lastIndexOf('\n', bytesParsed) + 1).toString('latin1')
  return /^[\w!#$%&'*+.^`|~-]+ \S/.test(line)
}

interface OpenExchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
}

/**
 * The kinds of idle connections. To make room, the first kind is closed first: without a request, with an incomplete
 * request, with an unread answer.
 */
const idleKinds: readonly ((exchange: OpenExchange | undefined) => boolean)[] = [
  (exchange) => exchange === undefined,
  (exchange) => exchange?.request.complete === false,
  (exchange) => exchange?.response.writableEnded === true,
]

/**
 * Tracks the connections of a server. At the maximum, a new connection replaces the oldest idle one, or is closed if
 * none is idle.
 */
function trackConnections(server: Server, max: number) {
  // Ordered by last change, oldest first.
  const open = new Map<Socket, OpenExchange | undefined>()
  const set = (socket: Socket, exchange: OpenExchange | undefined) => {
    open.delete(socket)
    open.set(socket, exchange)
  }
  const oldest = () => {
    for (const isIdle of idleKinds) {
      for (const [socket, exchange] of open) if (isIdle(exchange)) return socket
    }
    return undefined
  }
  server.on('connection', (socket: Socket) => {
    if (open.size >= max) {
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
  return {
    /** The last request on a connection, until its answer is sent. */
    lastOn: (socket: Socket) => open.get(socket),
    closeIdle: () => {
      for (const [socket, exchange] of open) if (!exchange && socket.writable) socket.destroy()
    },
  }
}
