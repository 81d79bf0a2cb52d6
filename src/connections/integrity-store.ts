import { type Kysely, sql } from 'kysely'
import type { Tables } from '../db/tables.js'

/** An inconsistency in the stored graph. */
export interface Fault {
  readonly what: string
  /** Id of the colleague row or the connection; for a list, the id of its owner and its status. */
  readonly where: string
}

/**
 * Checks the invariants of the whole graph (docs/trust.md, C1): both rows of a connection agree with each other and
 * with the connection, sort names are current, and list totals are right. Reads one snapshot and changes nothing.
 *
 * @returns all inconsistencies
 */
export async function findFaults(db: Kysely<Tables>): Promise<Fault[]> {
  const { rows } = await sql<Fault>`
    select 'a colleague row has no account for its peer' as what, one.id::text as where
    from colleague as one left join account on account.id = one.peer_id
    where account.id is null

    union all
    select 'the peer has no colleague row of the same connection', one.id::text
    from colleague as one
      left join colleague as other on other.owner_id = one.peer_id and other.peer_id = one.owner_id
    where other.connection_id is distinct from one.connection_id

    union all
    select 'the two colleague rows of a connection differ', one.id::text
    from colleague as one
      join colleague as other on other.owner_id = one.peer_id and other.peer_id = one.owner_id
    where (one.inviter_id, one.changed_by, one.message, one.updated_at)
        is distinct from (other.inviter_id, other.changed_by, other.message, other.updated_at)
      or (one.status, other.status) not in
        (('accepted', 'accepted'), ('pending', 'unconfirmed'), ('unconfirmed', 'pending'))

    union all
    select 'the status of a colleague row contradicts its inviter', id::text
    from colleague
    where (status = 'pending' and inviter_id = owner_id) or (status = 'unconfirmed' and inviter_id <> owner_id)

    union all
    select 'a colleague row has no connection with the same state and people', colleague.id::text
    from colleague left join connection on connection.id = colleague.connection_id
    where connection.id is null
      or connection.state <> case colleague.status when 'accepted' then 'active' else 'pending' end
      or connection.context_id <> colleague.inviter_id
      or connection.target_id not in (colleague.owner_id, colleague.peer_id)

    union all
    select 'a connection of two accounts does not have two colleague rows', connection.id::text
    from connection left join colleague on colleague.connection_id = connection.id
    where connection.context_object = 'account' and connection.target_id is not null
    group by connection.id
    having count(colleague.id) <> 2

    union all
    select 'a colleague row has an outdated sort name of its peer', colleague.id::text
    from colleague join account on account.id = colleague.peer_id
    where account.sort <> colleague.peer_sort

    union all
    select 'the stored total of a list differs from the number of its rows',
      coalesce(network.owner_id, counted.owner_id) || ' ' || coalesce(network.status, counted.status)
    from network
      full join (
        select owner_id, status, count(*) as total from colleague group by owner_id, status
      ) as counted on counted.owner_id = network.owner_id and counted.status = network.status
    where coalesce(network.total, 0) <> coalesce(counted.total, 0)

    order by 1, 2`.execute(db)
  return rows
}
