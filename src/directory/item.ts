import type { Statement } from '../accounts/merge.js'
import type { ShownConnection } from '../connections/shown.js'
import { Failure } from '../errors.js'

/** One thing that a file says, and where it stands there. */
export type Item = ShownPerson | ShownPair

export interface ShownPerson {
  readonly place: string
  readonly person: Statement
}

export interface ShownPair {
  readonly place: string
  readonly connection: ShownConnection
}

export const isPerson = (item: Item): item is ShownPerson => 'person' in item
export const isPair = (item: Item): item is ShownPair => 'connection' in item

/**
 * Does what concerns one place of a file.
 *
 * @throws Failure `invalid` as `work` does, with the place before its reason
 */
export function at<Result>(place: string, work: () => Result): Result {
  try {
    return work()
  } catch (error) {
    if (error instanceof Failure) throw new Failure(error.code, `${place}: ${error.message}`, { cause: error })
    throw error
  }
}
