import type { Request, RequestHandler } from 'express'
import { readInvitation } from '../../atom/read-entry.js'
import { mediaType } from '../../atom/vocabulary.js'
import { removeEverything, removeOne } from '../../connections/remove.js'
import { checkIsAdmin } from '../../connections/rules.js'
import { Failure } from '../../errors.js'
import { complete } from '../../sharing/accept.js'
import { bodyOf } from '../request/body.js'
import { readCompletion, readRemoval } from '../request/connection.js'
import { sendNothing, sendUnstored } from '../response/send.js'
import { type HttpServices, searchOf } from '../services.js'
import { precondition } from './connection.js'

/** PUT of the administrator's `connections.do`: makes two people colleagues (docs/wire.md, Other resources). */
export function completeConnection(services: HttpServices): RequestHandler {
  return async (request, response) => {
    const { source, target } = readCompletion(searchOf(request))
    const caller = checkIsAdmin(await services.identify(request))
    const { status, message } = readInvitation(bodyOf(request), request.headers['content-type'])
    if (status !== 'accepted') throw new Failure('invalid', 'The entry must have the status accepted.')
    const colleague = await complete(services, caller, source, target, message, precondition(services, caller, request))
    const text = services.atom.connections.document(colleague, false)
    sendUnstored(response, text, `${mediaType.atom};charset=UTF-8`)
  }
}

/**
 * DELETE of the administrator's `connections.do`: removes the connection with an id, that of two people, or everything
 * that one person has (docs/wire.md, Other resources). What is named first counts. No tag is of all that somebody has.
 */
export function removeConnections(services: HttpServices): RequestHandler {
  return async (request, response) => {
    const removal = readRemoval(searchOf(request))
    const caller = await services.identify(request)
    if ('person' in removal) {
      checkIsUnconditional(request)
      await removeEverything(services, caller, removal.person)
    } else await removeOne(services, caller, removal, precondition(services, caller, request))
    sendNothing(response, 200)
  }
}

function checkIsUnconditional({ headers }: Request): void {
  if (headers['if-match'] === undefined && headers['if-none-match'] === undefined) return
  throw new Failure('preconditionFailed', 'If-Match and If-None-Match are of one connection, not of all of a person.')
}
