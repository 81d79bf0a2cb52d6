import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { test } from '@jest/globals'

/** Where a program is found that this machine may have; undefined where it has not. */
export function installed(...names: string[]): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find(isProgram)
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** Like `test`; where the program is not installed, one line says so. */
export function testWith(program: string | undefined, name: string, run: (program: string) => Promise<void>): void {
  if (program !== undefined) return test(name, () => run(program))
  process.stderr.write(`not tested here, as the program is not installed: ${name}\n`)
}
