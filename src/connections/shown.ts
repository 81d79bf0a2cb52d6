import type { Status } from './connection.js'

/** One connection between two accounts, as a document shows it from its source's side. */
export interface ShownConnection {
  /** Id of the source's row. */
  readonly id: string
  /** Id of the target's row, where the document knows it. */
  readonly targetRowId?: string
  /** User ids of the two people. */
  readonly source: string
  readonly target: string
  /** As the source sees it. */
  readonly status: Status
  readonly inviter: 'source' | 'target'
  readonly changedBy: 'source' | 'target'
  /** Absent where the document does not show messages. */
  readonly message?: string
  readonly updated: Date
}
