import { connect, type Socket } from 'node:net'

/** A raw connection of a test. */
export interface Line {
  readonly socket: Socket
  /** All received text so far. */
  readonly received: () => string
  /** Resolves with all received text once it matches, or the other side has closed. */
  readonly until: (pattern: RegExp) => Promise<string>
  /** Resolves with all received text once the other side has closed or broken off. */
  readonly ended: Promise<string>
}

/** Opens one to a port of this machine; our half stays open when the other side closes its own. */
export function dial(port: number, first = ''): Line {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  let text = ''
  let over = false
  const waiting = new Set<() => void>()
  const look = () => waiting.forEach((each) => each())
  const end = () => {
    over = true
    look()
  }
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1')
    look()
  })
  socket.on('error', () => {}).once('end', end)
  socket.once('close', end)
  if (first !== '') socket.write(first)
  const until = (pattern: RegExp | undefined): Promise<string> =>
    new Promise((resolve) => {
      const check = () => {
        if (!over && !pattern?.test(text)) return
        waiting.delete(check)
        resolve(text)
      }
      waiting.add(check)
      check()
    })
  return { socket, received: () => text, until, ended: until(undefined) }
}
