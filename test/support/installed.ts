import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

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

/** The browser of this machine, where it has one. */
export const browserHere = installed('chromium', 'chromium-browser', 'google-chrome')
