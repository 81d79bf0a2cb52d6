import type { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import type { RequestHandler } from 'express'

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
