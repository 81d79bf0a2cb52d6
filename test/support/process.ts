import { spawn } from 'node:child_process'
import { once } from 'node:events'

export interface Running {
  pid: number
  output: () => string
  errors: () => string
  /** Resolves with the exit status. */
  exit: Promise<number | null>
  kill: (signal: NodeJS.Signals) => void
}

/** Runs the command line in a new process; `serve` listens at a free port. */
export const run = (args: string[], environment: Record<string, string>, input = ''): Running =>
  runProgram([process.execPath, 'dist/src/main.js', ...args], environment, input)

/** Runs a program with its arguments. */
export function runProgram(
  [program = '', ...args]: string[],
  environment: Record<string, string>,
  input = '',
): Running {
  const { PATH = '', HOME = '' } = process.env
  // A busy machine must not refuse a test.
  const env = { PATH, HOME, PORT: '0', MAX_DELAY_MS: '1000000', ...environment }
  const child = spawn(program, args, { env })
  const text = { output: '', errors: '' }
  child.stdout.on('data', (chunk: Buffer) => (text.output += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (text.errors += chunk.toString()))
  child.stdin.end(input)
  return {
    pid: child.pid ?? 0,
    output: () => text.output,
    errors: () => text.errors,
    exit: once(child, 'close').then(([code]) => code as number | null),
    kill: (signal) => void child.kill(signal),
  }
}

/** Waits for a condition while a process runs. @throws if the process ends first */
export async function until<Value>(
  look: () => Value | null | undefined | false,
  { exit, errors }: Running,
): Promise<Value> {
  let over = false
  void exit.then(() => (over = true))
  for (;;) {
    const found = look()
    if (found) return found
    if (over) throw new Error(`the process ended first: ${errors()}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/** Waits until a server is ready. Returns the base of its addresses. */
export async function started(server: Running): Promise<string> {
  const match = await until(() => /ready at (http:\S+)\n(.*\n){2,3}/.exec(server.output()), server)
  return match[1] as string
}
