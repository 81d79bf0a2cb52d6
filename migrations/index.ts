import type { Migration } from 'kysely'
import * as accounts from './0001-accounts.js'
import * as connections from './0002-connections.js'
import * as events from './0003-events.js'
import * as letters from './0004-letters.js'
import * as directory from './0005-directory.js'
import * as module from './0006-module.js'
import * as moduleLetters from './0007-module-letters.js'
import * as credentials from './0008-credentials.js'
import * as sessions from './0009-sessions.js'
import * as invitations from './0010-invitations.js'
import * as rights from './0011-rights.js'
import * as limits from './0012-limits.js'
import * as objectIds from './0013-object-ids.js'
import * as directoryChange from './0014-directory-change.js'
import * as marks from './0015-marks.js'
import * as retention from './0016-retention.js'
import * as search from './0017-search.js'

export interface Step extends Migration {
  /**
   * The oldest migration that a release must know to run on a schema with this one. A migration that only adds (expand)
   * leaves it undefined: older releases can still run. A migration that removes something (contract) names the first
   * migration of the releases that no longer use the removed part.
   */
  readonly oldest?: string
}

/** All migrations in order. Listed by hand, since a scan of the folder would also find leftovers of old builds. */
export const migrations: Record<string, Step> = {
  '0001-accounts': accounts,
  '0002-connections': connections,
  '0003-events': events,
  '0004-letters': letters,
  '0005-directory': directory,
  '0006-module': module,
  '0007-module-letters': moduleLetters,
  '0008-credentials': credentials,
  '0009-sessions': sessions,
  '0010-invitations': invitations,
  '0011-rights': rights,
  '0012-limits': limits,
  '0013-object-ids': objectIds,
  '0014-directory-change': directoryChange,
  '0015-marks': marks,
  '0016-retention': retention,
  '0017-search': search,
}
