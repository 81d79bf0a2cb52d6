import type { ComponentChildren } from 'preact'
import type { ViewerRelation } from '../connections/find.js'
import { textOfMessage } from '../connections/message.js'
import type { Status } from '../db/tables.js'
import type { Account } from '../people/account.js'
import { Isolated } from './layout.js'
import { to } from './links.js'
import { texts } from './texts.js'

interface ActionsProps {
  readonly name: string
  /** Id of one's view of the connection. */
  readonly id: string
  readonly status: Status
  /** Where it goes on. */
  readonly next: string
}

/** What the owner of a list may do with one of its entries: answer, withdraw, remove. */
export function Actions({ name, id, status, next }: ActionsProps) {
  if (status === 'pending') {
    return (
      <div class="actions">
        <Post
          to={to.accept}
          fields={{ connectionId: id, next }}
          text={texts.accept}
          label={texts.acceptName(name)}
          isFirst
        />
        <Post to={to.remove} fields={{ connectionId: id, next }} text={texts.decline} label={texts.declineName(name)} />
      </div>
    )
  }
  if (status === 'unconfirmed') {
    return (
      <div class="actions">
        <Post
          to={to.remove}
          fields={{ connectionId: id, next }}
          text={texts.withdraw}
          label={texts.withdrawName(name)}
        />
      </div>
    )
  }
  return (
    <details class="actions quiet">
      <summary aria-label={texts.removeName(name)}>{texts.remove}</summary>
      <p>
        <Isolated text={texts.removeReally} names={[name]} />
      </p>
      <Post to={to.remove} fields={{ connectionId: id, next }} text={texts.remove} label={texts.removeName(name)} />
    </details>
  )
}

/** Asks a person to be one's colleague. */
const Invite = ({ name, personKey, next }: { name: string; personKey: string; next: string }) => (
  <details class="actions">
    <summary aria-label={texts.inviteName(name)}>{texts.invite}</summary>
    <form method="post" action={to.invite}>
      <label>
        {texts.message}
        <textarea name="message" rows={3} maxLength={4000} dir="auto" />
      </label>
      <input type="hidden" name="key" value={personKey} />
      <input type="hidden" name="next" value={next} />
      <button class="first">{texts.sendInvitation}</button>
    </form>
  </details>
)

interface PostProps {
  readonly to: string
  readonly fields: Readonly<Record<string, string>>
  readonly text: string
  /** What it is called to who does not see what it stands beside. */
  readonly label: string
  readonly isFirst?: boolean
}

/** A button that does one thing. */
export const Post = ({ to: action, fields, text, label, isFirst }: PostProps) => (
  <form method="post" action={action}>
    {Object.entries(fields).map(([name, value]) => (
      <input type="hidden" name={name} value={value} />
    ))}
    <button class={isFirst ? 'first' : ''} aria-label={label}>
      {text}
    </button>
  </form>
)

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

interface RelationProps {
  readonly standing: ViewerRelation
  readonly person: Shown
  /** Where it goes on after whatever is done. */
  readonly next: string
  /** Whether a colleague can be removed here. */
  readonly mayRemove?: boolean
}

/** How the viewer stands with a person, and what there is to do about it: invite, answer, withdraw, remove. */
export function Relation({ standing, person: { key, name }, next, mayRemove }: RelationProps) {
  if (standing === 'closed') return null
  if (standing === 'self') return <p class="note">{texts.thisIsYou}</p>
  if (standing === 'none') return <Invite name={name} personKey={key} next={next} />
  const { id, status, message } = standing
  const isOpen = status !== 'accepted'
  return (
    <>
      <p class="note">{texts.relation[status]}</p>
      {isOpen && message !== '' && (
        <blockquote>
          <bdi>{textOfMessage(message)}</bdi>
        </blockquote>
      )}
      {(isOpen || mayRemove) && <Actions name={name} id={id} status={status} next={next} />}
    </>
  )
}
