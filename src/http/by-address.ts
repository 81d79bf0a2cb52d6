import type { RequestHandler } from 'express'
import { mayHoldAddress } from '../accounts/without-addresses.js'
import type { Config } from '../config.js'
import { checkMayNameByAddress } from '../connections/rules.js'
import { searchOf } from './door.js'
import { readParameters } from './parameters.js'

const addressed = new Set(['email', 'sourceEmail', 'targetEmail'])
const searched = new Set(['search', 'name'])

/**
 * Refuses a request that names people by e-mail address, or looks for them by one, where that may not be. Nobody is looked
 * up for it, so that it is the same for every address.
 */
export function checkNames({ HIDE_EMAIL }: Config): RequestHandler {
  return (request, _response, next) => {
    const isByAddress = readParameters(searchOf(request)).some(
      ([name, value]) => addressed.has(name) || (searched.has(name) && mayHoldAddress(value)),
    )
    if (isByAddress) checkMayNameByAddress(HIDE_EMAIL)
    next()
  }
}
