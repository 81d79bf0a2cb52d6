import type { ColumnType, Generated, GeneratedAlways, JSONColumnType } from 'kysely'

/** Read as a value, written as text. What it may hold is for the room that writes it to say. */
type Json = JSONColumnType<Record<string, unknown>>

export interface AccountTable {
  id: string
  key: string
  user_id: string
  login: string | null
  email: string | null
  name: string
  state: 'active' | 'inactive'
  /** Whether the person is known to own the e-mail address. */
  verified: Generated<boolean>
  /** Null where nothing is known of it: then no feed says anything. */
  external: boolean | null
  profile: Json
  roles: string[]
  /** For what was imported: when each value was last seen, in milliseconds since 1970 (`people/merge.ts`). */
  seen: Json
  created_at: Date
  updated_at: Date
  /** The name folded for order and its words, as `people/names.ts` makes them. */
  sort: string
  words: string
  /** Every word by which the person is searched (`people/search-words.ts`), and `updated_at` as it was then. */
  search_words: string | null
  search_of: Date | null
}

/** An account's own picture. */
export interface PhotoTable {
  account_id: string
  /** Media type. */
  type: string
  /** A `Buffer` from a server, a plain `Uint8Array` from the embedded database. */
  bytes: Uint8Array
  updated_at: Date
}

export interface CredentialTable {
  id: string
  account_id: string
  kind: 'password' | 'app'
  /** Of a password argon2id in PHC string form, its parameters included; of an app password SHA-256 in hexadecimal. */
  secret: string
  created_at: Date
  updated_at: Date
  /** What the person calls an app password, what it may do, and when it ends: null for a password. */
  name: Generated<string | null>
  scopes: Generated<('read' | 'write')[] | null>
  expires_at: Generated<Date | null>
  /** When an app password was last used, to the minute. */
  used_at: Generated<Date | null>
}

/** How often somebody tried wrong passwords of late. */
export interface WrongTryTable {
  /** Hash of the name or the address that tried. */
  key: string
  tries: number
  blocked_until: Date | null
  forgotten_at: Date
}

/** An address from which an account signed in. */
export interface KnownAddressTable {
  account_id: string
  /** Keyed hash of the account and its network. */
  hash: Uint8Array
  /** When it was last used to sign in, to the day. */
  seen_at: Date
}

/** A browser that somebody signed in with. */
export interface SessionTable {
  /** SHA-256 of the session's id. */
  id_hash: Uint8Array
  /** What opened it; a session whose credential is gone is over. */
  credential_id: string
  created_at: Date
  /** When it ends unless it is used before. */
  expires_at: Date
}

export interface ConnectionTable {
  id: string
  context_object: string
  /** A UUID, or null where the object has another id, in `context_text`. */
  context_id: string | null
  context_text: Generated<string | null>
  /** The id of the object, whichever it has. */
  context_key: GeneratedAlways<string>
  creator_id: string
  target_id: string | null
  /** Folded (`people/merge.ts`). An invitation to an address has no target until somebody who owns it applies it. */
  target_email: string | null
  target_first: Generated<string | null>
  target_last: Generated<string | null>
  state: 'pending' | 'active'
  access: number
  roles: Generated<string[]>
  /** Between two accounts: what the context has of the target's account. */
  reverse_access: Generated<number>
  reverse_roles: Generated<string[]>
  /** SHA-256 of the token, and the id of the key of which the token is made. */
  token_hash: Uint8Array | null
  token_key: Generated<string | null>
  expires_at: Date | null
  uses_remaining: number | null
  created_at: Date
  updated_at: Date
  applied_at: Date | null
  /** Of which app the connection is; null where made by the Atom API. */
  app_key: Generated<string | null>
  /** The part that a privilege let its creator grant; null if none was needed. `skipped_acl`: all of it. */
  skipped_acl: Generated<boolean>
  skipped_access: Generated<number | null>
  skipped_roles: Generated<string[]>
  /** When the target was last owed a letter about it. */
  mailed_at: Generated<Date | null>
}

/** One row. */
export interface DirectoryTable {
  is_only: Generated<boolean>
  /** When anything that is shown of any account last changed, or an account came or went. */
  changed: Date
}

/** A role that accounts and connections can have; its id is a word. */
export interface RoleTable {
  id: string
  /** Whether rules are made for it; else some account merely has it. */
  defined: Generated<boolean>
}

/** A program on whose behalf connections are made. */
export interface AppTable {
  key: string
  base_url: string | null
}

/** The mark of a migration: the oldest one that code must know to serve beside it; null where any code can. */
export interface SchemaStepTable {
  name: string
  oldest: string | null
}

/** A secret that tokens were made of, as an HMAC under it. That of the highest position makes them now. */
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

/** A letter that is owed to somebody (`letters/`). */
export interface OutboxTable {
  id: string
  kind: string
  /** Null for whoever has an address, and perhaps no account: the connection holds it. */
  recipient_id: string | null
  /** On whose behalf the module owes it, if it is counted: not by the Atom API, nor under `skipAcl`. */
  creator_id: Generated<string | null>
  /** The connection, and the name of what it is about where the recipient may know it. Never a token. */
  payload: Json
  created_at: Date
  /** When it is next to be looked at. */
  due_at: Date
  attempts: Generated<number>
  /** When it was sent, found to be needless, or given up; null while it waits. */
  sent_at: Date | null
  dropped_at: Date | null
  dead_at: Date | null
  /** What went wrong at the last attempt, without addresses. */
  error: string | null
}

/** When an address last got an e-mail about a person (`mail/mailed-store.ts`). */
export interface MailedTable {
  about_id: string
  /** Folded (`people/merge.ts`). */
  address: string
  letter_id: string
  at: Date
}

/** The schema that `migrations/` makes. */
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
