import { ok } from 'node:assert/strict'
import { connect as open, type Socket } from 'node:net'
import type { Pair } from './measure.js'

const clients = 8
const batch = 25

/**
 * Eight readers that poll one feed of ten entries over open connections: with the tag they have, and without.
 *
 * @param address address of the server, with the path of the feed
 */
export async function polling(address: { port: number; path: string }): Promise<Pair & { close: () => void }> {
  const readers = await Promise.all(Array.from({ length: clients }, () => reader(address)))
  const tag = /^etag: (.*)$/im.exec(await readers[0]!.get(''))?.[1] as string
  const condition = `If-None-Match: ${tag}\r\n`
  ok((await readers[0]!.get(condition)).startsWith('HTTP/1.1 304 '))
  const poll = (field: string, status: number) => () =>
    Promise.all(
      readers.map(async ({ get }) => {
        for (let count = 0; count < batch; count++) ok((await get(field)).startsWith(`HTTP/1.1 ${status} `))
      }),
    )
  const close = () => readers.forEach(({ end }) => end())
  return { name: 'polls of 10 entries: 304 / 200', ours: poll(condition, 304), theirs: poll('', 200), least: 3, close }
}

/** A minimal client, so that the server dominates the measurement. */
export async function reader({ port, path, from }: { port: number; path: string; from?: string }) {
  const socket: Socket = await new Promise((resolve, reject) => {
    const opened = open({ port, host: '127.0.0.1', ...(from !== undefined && { localAddress: from }) })
    opened.once('connect', () => resolve(opened)).once('error', reject)
  })
  socket.setNoDelay(true)
  let received = ''
  let answered: (answer: string) => void = () => {}
  socket.on('data', (chunk) => {
    received += chunk.toString('latin1')
    const head = received.indexOf('\r\n\r\n')
    if (head === -1) return
    const length = Number(/content-length: (\d+)/i.exec(received.slice(0, head))?.[1] ?? 0)
    if (received.length < head + 4 + length) return
    const answer = received
    received = ''
    answered(answer)
  })
  const get = (field: string) =>
    new Promise<string>((resolve) => {
      answered = resolve
      socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n${field}\r\n`)
    })
  return { get, end: () => socket.end() }
}
