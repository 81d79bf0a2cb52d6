import { createRequire } from 'node:module'
import { castPassword } from '../../src/transfer/example.js'

type Method = (query: object, options: object, callback: (error: Error | null, result: unknown) => void) => void
type Service = new (baseUrl: string, options: object) => Record<string, Method>

const ProfilesService = createRequire(import.meta.url)('ibm-connections-profiles-service') as Service

/** Calls a method of the client. Rejects with the client's error. */
export type Ask = (method: string, query: object, options?: object) => Promise<unknown>

/**
 * The npm client `ibm-connections-profiles-service`, sending credentials with every request.
 *
 * @param authType its prefix of `/atom` in every address
 */
export function npmClient(base: string, name: string, authType = ''): Ask {
  const service = new ProfilesService(`${base}/profiles`, { defaults: { authType } })
  const auth = { user: name, pass: castPassword }
  return (method, query, options = {}) =>
    new Promise((resolve, reject) => {
      service[method]?.(query, { auth, ...options }, (error, result) => (error ? reject(error) : resolve(result)))
    })
}
