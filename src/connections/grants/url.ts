import type { Grant } from './grant.js'
import { tokenAgain, type World } from './world.js'

/** What addresses are made of. */
export interface Place extends Pick<World, 'tokenKeys'> {
  /** Public base of links; null where it is not known. */
  readonly baseUrl: string | null
}

/**
 * Where the token of a connection leads: to the pages of its app, else to this site.
 *
 * @param base where the app has its pages, if it has any
 * @returns null where there is no token, no app or no such place
 */
export function urlOf({ tokenKeys, baseUrl }: Place, grant: Grant, base: string | undefined): string | null {
  const token = tokenAgain({ tokenKeys }, grant)
  if (token === null || grant.appKey === null) return null
  if (base !== undefined) return `${base.replace(/\/$/, '')}/connection/${token}`
  return baseUrl === null ? null : `${baseUrl}/v2/connections/${token}`
}
