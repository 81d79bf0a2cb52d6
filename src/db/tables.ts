import type { ColumnType, Generated, GeneratedAlways, JSONColumnType } from 'kysely'

/** A JSON column, read as a value and written as text. Its content is defined by the store that writes it. */
type Json = JSONColumnType<Record<string, unknown>>

export interface AccountTable {
  id: string
  key: string
  user_id: string
  login: string | null
  email: string | null
  name: string
  state: 'active' | 'inactive'
  /** Whether the person has proved to own the e-mail address. */
  verified: Generated<boolean>
  /** Whether the person is from outside the organisation; null if unknown, and then absent from feeds. */
  external: boolean | null
  profile: Json
  roles: string[]
  /** For each imported value, the time it was last seen, in milliseconds since 1970 (`people/merge.ts`). */
  seen: Json
  created_at: Date
  updated_at: Date
  /** The sort key and the words of the name (`people/names.ts`). */
  sort: string
  words: string
  /** All search words of the person (`people/search-words.ts`), and the `updated_at` for which they were computed. */
  search_words: string | null
  search_of: Date | null
}

export interface PhotoTable {
  account_id: string
  /** Media type. */
  type: string
  bytes: Uint8Array
  updated_at: Date
}

export interface CredentialTable {
  id: string
  account_id: string
  kind: 'password' | 'app'
  /** For a password, its argon2id hash as a PHC string; for an app password, its SHA-256 hash in hexadecimal. */
  secret: string
  created_at: Date
  updated_at: Date
  /** `name`, `scopes` and `expires_at` are for app passwords; null for a password. */
  name: Generated<string | null>
  scopes: Generated<('read' | 'write')[] | null>
  expires_at: Generated<Date | null>
  /** Last use of an app password, to the minute. */
  used_at: Generated<Date | null>
}

/** A throttle: the number of recent failed sign-ins under one key. */
export interface WrongTryTable {
  /** Hash of a name, of a client address, or of an account at a known address (`identity/throttle-store.ts`). */
  key: string
  tries: number
  blocked_until: Date | null
  forgotten_at: Date
}

/** A client address from which an account has signed in. */
export interface KnownAddressTable {
  account_id: string
  /** Keyed hash of the account and the client's network. */
  hash: Uint8Array
  /** Last sign-in from this address, to the day. */
  seen_at: Date
}

/** A browser session. */
export interface SessionTable {
  /** SHA-256 of the session's id. */
  id_hash: Uint8Array
  /** The password that opened the session. Deleting the password ends the session. */
  credential_id: string
  created_at: Date
  /** Extended by use, at most once a minute. */
  expires_at: Date
}

export interface ConnectionTable {
  id: string
  context_object: string
  /** The object's id if it is a UUID; otherwise null, and the id is in `context_text`. */
  context_id: string | null
  context_text: Generated<string | null>
  /** The object's id from either column. */
  context_key: GeneratedAlways<string>
  creator_id: string
  target_id: string | null
  /**
   * The invited e-mail address, folded (`people/merge.ts`). An invitation to an address has no `target_id` until the
   * owner of the address accepts it.
   */
  target_email: string | null
  target_first: Generated<string | null>
  target_last: Generated<string | null>
  state: 'pending' | 'active'
  access: number
  roles: Generated<string[]>
  /** For a connection of two accounts: the rights of the context account on the target account. */
  reverse_access: Generated<number>
  reverse_roles: Generated<string[]>
  /** SHA-256 of the token, and the id of the key it is derived from. */
  token_hash: Uint8Array | null
  token_key: Generated<string | null>
  expires_at: Date | null
  uses_remaining: number | null
  created_at: Date
  updated_at: Date
  applied_at: Date | null
  /** The app of the connection; null if the Atom API created it. */
  app_key: Generated<string | null>
  /** The rights that needed a privilege of the creator: all if `skipped_acl`, otherwise those in the two columns. */
  skipped_acl: Generated<boolean>
  skipped_access: Generated<number | null>
  skipped_roles: Generated<string[]>
  /** Last time an e-mail about the connection was queued for the target. */
  mailed_at: Generated<Date | null>
}

/** A table with a single row. */
export interface DirectoryTable {
  is_only: Generated<boolean>
  /** Last change of any visible part of an account, or of the set of accounts. */
  changed: Date
}

/** A role that accounts and connections can have. Its id is its name. */
export interface RoleTable {
  id: string
  /** False for a role that accounts have, but no rule uses. */
  defined: Generated<boolean>
}

/** An application that creates connections. */
export interface AppTable {
  key: string
  base_url: string | null
}

/**
 * The compatibility of a migration step. `oldest` is the oldest step that running code must know; null if any code can
 * run with this step.
 */
export interface SchemaStepTable {
  name: string
  oldest: string | null
}

/** The fingerprint of a token secret. The secret with the highest position is the current one. */
export interface TokenSecretTable {
  fingerprint: string
  position: Generated<number>
}

export interface OrgTable {
  id: string
  name: string
}

export type Status = 'accepted' | 'pending' | 'unconfirmed'

export interface ColleagueTable {
  id: string
  owner_id: string
  peer_id: string
  connection_id: string
  status: Status
  inviter_id: string
  changed_by: string
  message: string
  peer_sort: string
  updated_at: Date
}

export interface NetworkTable {
  owner_id: string
  status: Status
  version: ColumnType<number, number | undefined, number>
  changed: Date
  total: ColumnType<number, number | undefined, number>
}

export interface ConnectionEventTable {
  id: string
  connection_id: string
  actor_id: string | null
  verb: string
  at: Date
  detail: Json
}

/** A queued e-mail (`mail/`). */
export interface OutboxTable {
  id: string
  kind: string
  /** Null if the e-mail goes to the target address of the connection, with or without an account. */
  recipient_id: string | null
  /** The account with the e-mail quota to charge; null for the Atom API and `skipAcl` (no such quota). */
  creator_id: Generated<string | null>
  /** The connection, and the object's title if the recipient may know it. Never a token. */
  payload: Json
  created_at: Date
  /** Time of the next attempt. */
  due_at: Date
  attempts: Generated<number>
  /** When the e-mail was sent, dropped as no longer needed, or given up. At most one of the three is set. */
  sent_at: Date | null
  dropped_at: Date | null
  dead_at: Date | null
  /** The last delivery error, without e-mail addresses. */
  error: string | null
}

/** The last e-mail about a person to an address (`mail/outbox-store.ts`). */
export interface MailedTable {
  about_id: string
  /** Folded (`people/merge.ts`). */
  address: string
  letter_id: string
  at: Date
}

/** The schema after all migrations (`migrations/`). */
export interface Tables {
  account: AccountTable
  directory: DirectoryTable
  photo: PhotoTable
  credential: CredentialTable
  session: SessionTable
  wrong_try: WrongTryTable
  known_address: KnownAddressTable
  connection: ConnectionTable
  colleague: ColleagueTable
  network: NetworkTable
  connection_event: ConnectionEventTable
  outbox: OutboxTable
  mailed: MailedTable
  role: RoleTable
  app: AppTable
  org: OrgTable
  schema_step: SchemaStepTable
  token_secret: TokenSecretTable
}
