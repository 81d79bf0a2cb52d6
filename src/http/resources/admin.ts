import type { Request, RequestHandler } from 'express'
import { readInvitation } from '../../atom/read-entry.js'
import { mediaType } from '../../atom/vocabulary.js'
import { complete } from '../../sharing/accept.js'
import { removeEverything, removeOne } from '../../connections/remove.js'
import { checkIsAdmin } from '../../connections/rules.js'
import { Failure } from '../../errors.js'
import { bodyOf } from '../request/body.js'
import { readCompletion, readRemoval } from '../request/connection.js'
import { sendNothing, sendUnstored } from '../response/send.js'
import { type Door, searchOf } from '../services.js'
import { precondition } from './connection.js'

/** PUT of the administrator's `connections.do`: makes two people colleagues (docs/wire.md, Other resources). */
export function completeConnection(door: Door): RequestHandler {
  return async (request, response) => {
    const { source, target } = readCompletion(searchOf(request))
    const caller = checkIsAdmin(await door.identify(request))
    const { status, message } = readInvitation(bodyOf(request), request.headers['content-type'])
    if (status !== 'accepted') throw new Failure('invalid', 'The entry must have the status accepted.')
    const colleague = await complete(door, caller, source, target, message, precondition(door, caller, request))
    const text = door.atom.connections.document(colleague, false)
    sendUnstored(response, text, `${mediaType.atom};charset=UTF-8`)
  }
}

/**
 * DELETE of the administrator's `connections.do`: removes the connection with an id, that of two people, or everything
 * that one person has (docs/wire.md, Other resources). What is named first counts. No tag is of all that somebody has.
 */
export function removeConnections(door: Door): RequestHandler {
  return async (request, response) => {
    const removal = readRemoval(searchOf(request))
    const caller = await door.identify(request)
    if ('person' in removal) {
      checkIsUnconditional(request)
      await removeEverything(door, caller, removal.person)
    } else await removeOne(door, caller, removal, precondition(door, caller, request))
    sendNothing(response, 200)
  }
}

function checkIsUnconditional({ headers }: Request): void {
  if (headers['if-match'] === undefined && headers['if-none-match'] === undefined) return
  throw new Failure('preconditionFailed', 'If-Match and If-None-Match are of one connection, not of all of a person.')
}
