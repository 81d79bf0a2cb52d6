import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'

/** Recordings of real servers are not ours to publish. They are read from a folder beside the project. */
const recordings = resolve('..', 'shared', 'reference', 'recordings')

/** A file of the fixtures folder, whatever folder the tests were compiled to. */
export const fixture = (name: string): Uint8Array => readFileSync(resolve('fixtures', name))

/** The path of a recording of a real server, existing or not. */
export const recordingPath = (name: string): string => resolve(recordings, name)

/** A recording of a real server; undefined if absent. */
export function recording(name: string): Uint8Array | undefined {
  const file = recordingPath(name)
  return existsSync(file) ? readFileSync(file) : undefined
}

export const haveRecordings: boolean = existsSync(recordings)
