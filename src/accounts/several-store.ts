import type { Kysely } from 'kysely'
import { onceFor, prepared, type Value } from '../db/prepared.js'
import type { Tables } from '../db/tables.js'
import type { Account, Person } from './account.js'
import { foldedEmail } from './merge.js'
import { columnsOf, isOneOf, isPossible, toAccount } from './store.js'

/** People who are named all in the same way. */
export interface Named {
  readonly by: Person['by']
  readonly values: readonly string[]
}

/** Finds people, active or not, in the order in which they are named, each once; nobody for an unknown name. */
export async function findNamed(db: Kysely<Tables>, { by, values }: Named): Promise<Account[]> {
  const names = values.filter((value) => isPossible({ by, value })).map((value) => foldedName(by, value))
  if (names.length === 0) return []
  const rows = await findSeveral(by).run(db, { names })
  const found = new Map(
    rows.map((row) => {
      const account = toAccount(row, 'account')
      return [foldedName(by, nameOf(account, by)), account]
    }),
  )
  return [...new Set(names)].flatMap((name) => found.get(name) ?? [])
}

const findSeveral = onceFor((by: Person['by']) =>
  prepared((db, value: Value<{ names: string[] }>) =>
    db
      .selectFrom('account')
      .select(columnsOf('account'))
      .where(isOneOf(by, value('names'))),
  ),
)

const nameOf = ({ profile, ...account }: Account, by: Person['by']): string =>
  (by === 'distinguishedName' ? profile.distinguishedName : account[by]) as string

function foldedName(by: Person['by'], name: string): string {
  if (by === 'userId' || by === 'login') return name
  return by === 'key' ? name.toLowerCase() : foldedEmail(name)
}
