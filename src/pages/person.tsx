import type { ComponentChildren } from 'preact'
import type { Account } from '../accounts/account.js'
import { texts } from './texts.js'
import { to } from './to.js'

/** What of a person a list shows. */
export type Shown = Pick<Account, 'key' | 'name' | 'updated' | 'state' | 'profile'>

/** A face. The name stands beside it, so that it says nothing to whoever cannot see it. */
export const Face = ({ of, size }: { of: Shown; size: number }) => (
  <img class="u-photo face" src={to.photo(of.key, of.updated)} alt="" width={size} height={size} loading="lazy" />
)

/** One person of a list, marked up as h-card, with whatever there is to say and do beside. */
export function Person({ of, children }: { of: Shown; children?: ComponentChildren }) {
  const { title, organization, city } = of.profile
  const place = [organization, city].filter(Boolean)
  return (
    <div class="person">
      <div class="h-card p-author">
        <Face of={of} size={64} />
        <div>
          <a class="p-name u-url name" href={to.person(of.key)}>
            <bdi>{of.name}</bdi>
          </a>
          {of.state === 'inactive' && <p class="note">{texts.isInactive}</p>}
          {title && (
            <p class="p-job-title">
              <bdi>{title}</bdi>
            </p>
          )}
          {place.length > 0 && (
            <p class="note">
              {place.map((part, index) => (
                <>
                  {index > 0 && ' · '}
                  <bdi>{part}</bdi>
                </>
              ))}
            </p>
          )}
        </div>
      </div>
      {children}
    </div>
  )
}
