import type { Colleague, ListRequest } from '../../src/connections/model.js'
import type { Account } from '../../src/people/account.js'
import { textFieldNames } from '../../src/people/fields.js'

/** An account for tests that need no database. */
export const account = (more: Partial<Account> = {}): Account => ({
  id: '01900000-0000-7000-8000-000000000001',
  key: '01900000-0000-7000-8000-000000000002',
  userId: 'ann',
  login: 'ann.login',
  email: 'ann@example.com',
  name: 'Ann',
  state: 'active',
  external: false,
  profile: {},
  roles: [],
  updated: new Date('2026-03-04T05:06:07.089Z'),
  ...more,
})

/** An account with every text of it, the profile's included, set to one value. */
export const accountOf = (text: string): Account =>
  account({
    name: text,
    login: text,
    email: text,
    userId: text,
    profile: {
      ...Object.fromEntries(textFieldNames.map((name) => [name, text])),
      tags: [text],
      isManager: true,
      extensions: [{ id: text, key: text, value: text, dataType: text }],
    },
  })

/** A connection as its owner sees it. */
export function colleague(owner: Account, peer: Account, more: Partial<Colleague> = {}): Colleague {
  const id = '01900000-0000-7000-8000-00000000000c'
  const updated = new Date('2026-03-05T00:00:00.001Z')
  const connectionId = '01900000-0000-7000-8000-00000000000d'
  const both = { inviter: owner, changedBy: peer, message: '', updated }
  return { id, connectionId, status: 'accepted', owner, peer, ...both, ...more }
}

/** The first page of a person's colleagues, as it is without parameters. */
export const newestFirst: ListRequest = {
  person: undefined,
  status: 'accepted',
  inCommonWith: undefined,
  since: undefined,
  order: { by: 'change', descending: true },
  page: 1,
  pageSize: 10,
  position: undefined,
  countPending: false,
}
