import type { Answer, Send } from './client.js'
import { connectionEntry } from './entries.js'

/** Common writes of tests, by a person with the password `colleagues`. */

const write = (send: Send, method: string, address: string, name: string, body?: string): Promise<Answer> =>
  send(`/profiles/atom/${address}`, { method, as: `${name}:colleagues`, ...(body !== undefined && { body }) })

export const invite = (send: Send, from: string, to: string, message = '') =>
  write(send, 'POST', `connections.do?connectionType=colleague&userid=${to}`, from, connectionEntry('pending', message))

export const accept = (send: Send, name: string, id: string) =>
  write(send, 'PUT', `connection.do?connectionId=${id}`, name, connectionEntry('accepted'))

export const remove = (send: Send, name: string, id: string) =>
  write(send, 'DELETE', `connection.do?connectionId=${id}`, name)

/** The id in the answer to an invitation. */
export const idIn = ({ headers }: Answer): string => String(headers.location).split('connectionId=')[1] as string
