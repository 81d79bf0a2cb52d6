import type { Status } from '../db/tables.js'
import { Isolated } from './isolated.js'
import { texts } from './texts.js'
import { to } from './to.js'

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
export const Invite = ({ name, personKey, next }: { name: string; personKey: string; next: string }) => (
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
