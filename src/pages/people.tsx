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
  /** Id of the connection in the viewer's list. */
  readonly id: string
  readonly status: Status
  /** The page to open after the action. */
  readonly next: string
}

/** Buttons for an entry of the viewer's own list: accept, decline, withdraw, remove. */
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
        <Isolated text={texts.aboutRemoval} names={[name]} />
      </p>
      <Post to={to.remove} fields={{ connectionId: id, next }} text={texts.remove} label={texts.removeName(name)} />
    </details>
  )
}

/** A form to invite a person. */
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
  /** The accessible name. Must be clear without the surrounding text. */
  readonly label: string
  readonly isFirst?: boolean
}

/** A form with a single button. */
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

/** The values of a person in a list. */
export type Shown = Pick<Account, 'key' | 'name' | 'updated' | 'state' | 'profile'>

/** A photo. Its alternative text is empty, since the name is next to it. */
export const Face = ({ of, size }: { of: Shown; size: number }) => (
  <img class="u-photo face" src={to.photo(of.key, of.updated)} alt="" width={size} height={size} loading="lazy" />
)

/** A person in a list, marked up as h-card, followed by `children`. */
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
          {of.state === 'inactive' && <p class="note">{texts.inactive}</p>}
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
  /** The page to open after an action. */
  readonly next: string
  /** Whether to offer the removal of a colleague. */
  readonly mayRemove?: boolean
}

/** The viewer's relation to a person, with the matching actions. */
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
