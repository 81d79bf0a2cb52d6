import type { Readable, Writable } from 'node:stream'

/** What a command reads from and writes to. Only `main.ts` knows that it is the process's. */
export interface Terminal {
  readonly input: Readable & { isTTY?: boolean }
  readonly output: Writable & { isTTY?: boolean }
  readonly errors: Writable & { isTTY?: boolean }
}
