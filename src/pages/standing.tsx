import { textOfMessage } from '../connections/message.js'
import type { Standing } from '../connections/standing.js'
import { Actions, Invite } from './actions.js'
import type { Shown } from './person.js'
import { texts } from './texts.js'

interface StandingProps {
  readonly standing: Standing
  readonly person: Shown
  /** Where it goes on after whatever is done. */
  readonly next: string
  /** Whether a colleague can be removed here. */
  readonly mayRemove?: boolean
}

/** How the viewer stands with a person, and what there is to do about it: invite, answer, withdraw, remove. */
export function HowItStands({ standing, person: { key, name }, next, mayRemove }: StandingProps) {
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
