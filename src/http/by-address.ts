import type { Request, RequestHandler } from 'express'
import { mayHoldAddress } from '../accounts/without-addresses.js'
import type { Config } from '../config.js'
import { checkMayNameByAddress } from '../connections/rules.js'
import { searchOf } from './door.js'
import { readParameters } from './parameters.js'
import { readPersonName } from './person-names.js'

/** What people are named by or looked for by, and what may hold an address. */
const holding = new Set(['search', 'name', 'uid', 'distinguishedName'])

/**
 * Refuses a request that names people by e-mail address, or looks for them by one, where that may not be. Nobody is looked
 * up for it, so that it is the same for every address.
 *
 * @throws Failure `invalid`; where addresses are shown nothing is looked at
 */
export function checkNames({ HIDE_EMAIL }: Config): RequestHandler {
  return (request, _response, next) => {
    if (HIDE_EMAIL && isByAddress(request)) checkMayNameByAddress(HIDE_EMAIL)
    next()
  }
}

/** How long values may be is to be said by what reads them: an address of a page may be one. */
const isByAddress = (request: Request): boolean =>
  readParameters(searchOf(request), Infinity).some(([name, value]) => {
    const meanings = [name, readPersonName(name)?.alone ?? name]
    return meanings.includes('email') || (meanings.some((each) => holding.has(each)) && mayHoldAddress(value))
  })
