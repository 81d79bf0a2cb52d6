import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import proxyAddress from 'proxy-addr'
import type { Session } from '../../identity/identity.js'
import type { Sender } from '../exchange.js'
import type { Serve } from '../pipeline.js'

/**
 * Serves simple reads without Express, since they need no session, and Express changes the prototypes of each request.
 * All other requests go through Express: writes, browsers with cookies, and requests of an app that mounts this one.
 *
 * @param app the Express app
 * @param proxies addresses or ranges of trusted proxies
 * @returns `app`, for all requests
 */
export function passExpress<App extends RequestListener>(app: App, serve: Serve, proxies: readonly string[]): App {
  const senderOf = senderReader(proxies)
  const listener = (request: IncomingMessage, response: ServerResponse, ...more: []) => {
    if (isSimple(request)) void serve(request, response, senderOf(request))
    else app(request, response, ...more)
  }
  // Programs may use the properties of the Express app.
  return Object.setPrototypeOf(listener, app) as App
}

function isSimple(request: IncomingMessage): boolean {
  const { method, headers } = request
  return (
    (method === 'GET' || method === 'HEAD') &&
    headers.cookie === undefined &&
    headers['content-length'] === undefined &&
    headers['transfer-encoding'] === undefined &&
    !('app' in request)
  )
}

/** Creates the function that finds the address of a client, and whether it used TLS, with the rules of Express. */
function senderReader(proxies: readonly string[]): (request: IncomingMessage) => Sender {
  if (proxies.length === 0) {
    return ({ socket }) => ({
      address: socket.remoteAddress ?? '',
      isSecure: 'encrypted' in socket,
      session: noSession,
    })
  }
  const isTrusted = proxyAddress.compile([...proxies])
  return (request) => {
    const { socket, headers } = request
    const own = 'encrypted' in socket ? 'https' : 'http'
    const forwarded = isTrusted(socket.remoteAddress ?? '', 0) ? headers['x-forwarded-proto'] : undefined
    const [protocol] = String(forwarded || own).split(',')
    return {
      // The socket of a closed connection, or of a Unix domain, has no address.
      address: proxyAddress(request, isTrusted) ?? '',
      isSecure: protocol?.trim() === 'https',
      session: noSession,
    }
  }
}

/** The session of a request without a cookie. Only the sign-in form opens a session, by a POST. */
const noSession: Session = {
  isNamed: false,
  load: () => Promise.resolve(undefined),
  open: () => Promise.reject(new Error('A read opens no session.')),
  end: () => Promise.resolve(),
  forget: () => {},
}
