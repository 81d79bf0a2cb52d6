import { type Send, sendTo } from './client.js'
import { run, type Running, started } from './process.js'

/** A server as a process of its own, and a way to speak to it. */
export interface Server extends Running {
  readonly send: Send
  readonly base: string
}

/** Starts so many servers on one database, and waits until they are ready. */
export function startServers(count: number, environment: Record<string, string>): Promise<Server[]> {
  return Promise.all(
    Array.from({ length: count }, async () => {
      const server = run(['serve'], { LOG_LEVEL: 'warn', ...environment })
      const base = await started(server)
      return { ...server, base, send: sendTo(Number(new URL(base).port)) }
    }),
  )
}

/** Ends them, however they are, and waits until they are gone. */
export async function stopServers(servers: readonly Running[]): Promise<void> {
  for (const { kill } of servers) kill('SIGKILL')
  await Promise.all(servers.map(({ exit }) => exit))
}
