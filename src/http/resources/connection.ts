import { readInvitation } from '../../atom/read-entry.js'
import { mediaType } from '../../atom/vocabulary.js'
import { showBetween, showColleague } from '../../connections/find.js'
import { invite } from '../../connections/invite.js'
import { type Colleague, statuses } from '../../connections/model.js'
import { remove } from '../../connections/remove.js'
import { visibleTo, signedIn } from '../../connections/rules.js'
import type { Precondition } from '../../connections/transaction-store.js'
import { updateMessage } from '../../connections/update-message.js'
import { Failure } from '../../errors.js'
import type { Caller } from '../../people/account.js'
import { accept } from '../../sharing/accept-invitation.js'
import { type Handler, nothing } from '../answer.js'
import { admit } from '../caller.js'
import type { Exchange } from '../exchange.js'
import { namesTwo, readConnectionId, readConnectionQuery, readInvited } from '../request/connection.js'
import { checkPreconditions, entityTag } from '../response/validators.js'
import type { HttpServices } from '../services.js'
import { viewerClass } from './lists.js'

/**
 * GET and HEAD of `connection.do`: one connection, by id or by its two people (docs/wire.md, Check two people; One
 * connection by id).
 */
export function showConnection(services: HttpServices): Handler {
  return async (exchange) => {
    const { connection, includeMessage } = readConnectionQuery(exchange.search)
    const caller = await admit(services, exchange)
    const colleague =
      'id' in connection
        ? await showColleague(services, caller, connection.id)
        : await showBetween(services, caller, connection.source, connection.target)
    return {
      status: 200,
      type: `${mediaType.atom};charset=UTF-8`,
      validators: { tag: tagOf(services, caller, colleague) },
      changed: lastChange(colleague),
      fields: {
        'X-Profiles-Connection-Type': 'colleague',
        'X-Profiles-Connection-Status': colleague.status,
      },
      write: () => services.atom.connections.document(colleague, includeMessage),
    }
  }
}

/**
 * Handles HEAD of `connections.do`. If the request names the ends of a connection, the answer is about that connection,
 * since one client relies on this (docs/wire.md, Addresses); otherwise about the list.
 */
export function checkOr(services: HttpServices, list: Handler): Handler {
  const check = showConnection(services)
  return (exchange) => (namesTwo(exchange.search) ? check(exchange) : list(exchange))
}

/** PUT of `connection.do`: accepts an invitation, or replaces the message (docs/wire.md, Accept). */
export function updateConnection(services: HttpServices): Handler {
  return async (exchange) => {
    const id = readConnectionId(exchange.search)
    const caller = signedIn(await admit(services, exchange))
    const { status, message } = readInvitation(exchange.body, exchange.headers['content-type'])
    const wanted = statuses.find((each) => each === status)
    if (!wanted) throw new Failure('invalid', `The entry's status category must be one of ${statuses.join(', ')}.`)
    const check = precondition(services, caller, exchange)
    if (wanted === 'accepted') await accept(services, caller, id, message, check)
    else await updateMessage(services, caller, id, wanted, message, check)
    return nothing(200)
  }
}

/** DELETE of `connection.do`: declines or withdraws an invitation, or removes a connection (docs/wire.md, Remove). */
export function removeConnection(services: HttpServices): Handler {
  return async (exchange) => {
    const id = readConnectionId(exchange.search)
    const caller = await admit(services, exchange)
    await remove(services, caller, id, precondition(services, caller, exchange))
    return nothing(200)
  }
}

/**
 * The ETag of a single entry. It is the same at all URLs of the entry, and for all viewers of the same class
 * (`viewerClass`).
 */
const tagOf = ({ atom, release }: HttpServices, caller: Caller, colleague: Colleague) =>
  entityTag([release, atom.to.connection(colleague.id), viewerClass(caller, colleague.owner.id), colleague])

/** Creates the check of `If-Match` and `If-None-Match` for a write to a connection. */
export const precondition =
  (services: HttpServices, caller: Caller, { headers }: Pick<Exchange, 'headers'>): Precondition =>
  (colleague) =>
    checkPreconditions(headers, tagOf(services, caller, visibleTo(caller, colleague) ?? colleague))

const lastChange = ({ updated, owner, peer }: Colleague): Date =>
  new Date(Math.max(updated.getTime(), owner.updated.getTime(), peer.updated.getTime()))

/**
 * POST of `connections.do`: invites the person that the URL names (docs/wire.md, Invite). A new connection is always
 * `pending`, so the entry may omit its status, as some clients do.
 *
 * @param status the status of the answer: 201, or 200 at `connection.do`, since its clients accept nothing else
 */
export function inviteColleague(services: HttpServices, status: 200 | 201): Handler {
  return async (exchange) => {
    const person = readInvited(exchange.search)
    const caller = signedIn(await admit(services, exchange))
    const invitation = readInvitation(exchange.body, exchange.headers['content-type'])
    if (invitation.status === 'accepted') {
      throw new Failure('invalid', 'An invitation starts as pending; only the invited person can accept it.')
    }
    const id = await invite(services, caller, person, invitation.message)
    return nothing(status, { Location: services.atom.to.connection(id) })
  }
}
