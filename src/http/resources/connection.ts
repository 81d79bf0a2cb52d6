import type { Request, RequestHandler } from 'express'
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
import { accept } from '../../sharing/accept.js'
import { bodyOf } from '../request/body.js'
import { namesTwo, readConnectionId, readConnectionQuery, readInvited } from '../request/connection.js'
import { answerWith, sendNothing } from '../response/send.js'
import { checkPreconditions, entityTag } from '../response/validators.js'
import { type HttpServices, searchOf } from '../services.js'
import { viewerClass } from './lists.js'

/**
 * GET and HEAD of `connection.do`: one connection, by id or by its two people (docs/wire.md, Check two people; One
 * connection by id).
 */
export function showConnection(services: HttpServices): RequestHandler {
  return async (request, response) => {
    const { which, includeMessage } = readConnectionQuery(searchOf(request))
    const caller = await services.identify(request)
    const colleague =
      'id' in which
        ? await showColleague(services, caller, which.id)
        : await showBetween(services, caller, which.source, which.target)

    await answerWith(services, request, response, {
      type: `${mediaType.atom};charset=UTF-8`,
      madeOf: etagParts(services, caller, colleague),
      changed: lastChange(colleague),
      fields: {
        'X-Profiles-Connection-Type': 'colleague',
        'X-Profiles-Connection-Status': colleague.status,
      },
      write: () => services.atom.connections.document(colleague, includeMessage),
    })
  }
}

/**
 * HEAD of `connections.do` asks about a connection where it names two people, as a client does (docs/wire.md,
 * Addresses).
 */
export function checkOr(services: HttpServices, list: RequestHandler): RequestHandler {
  const check = showConnection(services)
  return (request, response, next) => {
    const isCheck = request.method === 'HEAD' && namesTwo(searchOf(request))
    return (isCheck ? check : list)(request, response, next)
  }
}

/** PUT of `connection.do`: accepts an invitation, or replaces the message (docs/wire.md, Accept). */
export function rewriteConnection(services: HttpServices): RequestHandler {
  return async (request, response) => {
    const id = readConnectionId(searchOf(request))
    const caller = signedIn(await services.identify(request))
    const { status, message } = readInvitation(bodyOf(request), request.headers['content-type'])
    const wanted = statuses.find((each) => each === status)
    if (!wanted) throw new Failure('invalid', `The entry's category of status must be one of ${statuses.join(', ')}.`)
    const check = precondition(services, caller, request)
    if (wanted === 'accepted') await accept(services, caller, id, message, check)
    else await updateMessage(services, caller, id, wanted, message, check)
    sendNothing(response, 200)
  }
}

/** DELETE of `connection.do`: declines, withdraws or removes (docs/wire.md, Remove). */
export function removeConnection(services: HttpServices): RequestHandler {
  return async (request, response) => {
    const id = readConnectionId(searchOf(request))
    const caller = await services.identify(request)
    await remove(services, caller, id, precondition(services, caller, request))
    sendNothing(response, 200)
  }
}

/** What an entry is made of: it has one tag, wherever it is shown by itself to viewers of one class. */
const etagParts = (services: HttpServices, caller: Caller, colleague: Colleague) => [
  services.atom.to.connection(colleague.id),
  viewerClass(caller, colleague.owner.id),
  colleague,
]

/** What the fields of a write demand of the connection as it is then. */
export const precondition =
  (services: HttpServices, caller: Caller, { headers }: Request): Precondition =>
  (colleague) => {
    const seen = visibleTo(caller, colleague) ?? colleague
    checkPreconditions(headers, entityTag([services.release, ...etagParts(services, caller, seen)], 'identity'))
  }

const lastChange = ({ updated, owner, peer }: Colleague): Date =>
  new Date(Math.max(updated.getTime(), owner.updated.getTime(), peer.updated.getTime()))

/**
 * POST of `connections.do`: invites the person whom the address names (docs/wire.md, Invite). The status of the entry
 * is always `pending`; some clients do not say so.
 *
 * @param status of the answer: 201, or where a client knows no other, 200
 */
export function inviteColleague(services: HttpServices, status: 200 | 201): RequestHandler {
  return async (request, response) => {
    const person = readInvited(searchOf(request))
    const caller = signedIn(await services.identify(request))
    const invitation = readInvitation(bodyOf(request), request.headers['content-type'])
    if (invitation.status === 'accepted') {
      throw new Failure('invalid', 'An invitation begins as pending; only the invited person can accept it.')
    }
    const id = await invite(services, caller, person, invitation.message)
    response.setHeader('Location', services.atom.to.connection(id))
    sendNothing(response, status)
  }
}
