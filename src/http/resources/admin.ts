import { readInvitation } from '../../atom/read-entry.js'
import { mediaType } from '../../atom/vocabulary.js'
import { complete } from '../../connections/create-accepted.js'
import { removeEverything, removeOne } from '../../connections/remove.js'
import { checkIsAdmin } from '../../connections/rules.js'
import { Failure } from '../../errors.js'
import { type Handler, nothing, unstored } from '../answer.js'
import { admit } from '../caller.js'
import type { Exchange } from '../exchange.js'
import { readCompletion, readRemoval } from '../request/connection.js'
import type { HttpServices } from '../services.js'
import { precondition } from './connection.js'

/** PUT of the administrator's `connections.do`: makes two people colleagues (docs/wire.md, Other resources). */
export function completeConnection(services: HttpServices): Handler {
  return async (exchange) => {
    const { source, target } = readCompletion(exchange.search)
    const caller = checkIsAdmin(await admit(services, exchange))
    const { status, message } = readInvitation(exchange.body, exchange.headers['content-type'])
    if (status !== 'accepted') throw new Failure('invalid', 'The entry must have the status accepted.')
    const colleague = await complete(
      services,
      caller,
      source,
      target,
      message,
      precondition(services, caller, exchange),
    )
    return unstored(services.atom.connections.document(colleague, false), `${mediaType.atom};charset=UTF-8`)
  }
}

/**
 * DELETE of the administrator's `connections.do`: removes one connection (by id, or else by its two people), or else
 * all connections of one person (docs/wire.md, Other resources).
 */
export function removeConnections(services: HttpServices): Handler {
  return async (exchange) => {
    const removal = readRemoval(exchange.search)
    const caller = await admit(services, exchange)
    if ('person' in removal) {
      checkIsUnconditional(exchange)
      await removeEverything(services, caller, removal.person)
    } else await removeOne(services, caller, removal, precondition(services, caller, exchange))
    return nothing(200)
  }
}

/** Refuses preconditions, since a person's connections have no common ETag. @throws Failure `preconditionFailed` */
function checkIsUnconditional({ headers }: Exchange): void {
  if (headers['if-match'] === undefined && headers['if-none-match'] === undefined) return
  throw new Failure(
    'preconditionFailed',
    'If-Match and If-None-Match apply to one connection, not to all connections of a person.',
  )
}
