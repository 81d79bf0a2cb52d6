import type { Addresses } from '../atom/addresses.js'
import type { Occasion } from './occasion.js'

/** In what letters differ. */
interface Words {
  readonly subject: string
  readonly news: string
  /** What the link is called, and where it leads. */
  readonly action: string
  readonly address: string
}

type Write = (person: string, what: string | null, occasion: Occasion, addresses: Addresses) => Words

const theProfile = ({ person }: Occasion, { profileView }: Addresses) => ({
  action: 'See the profile',
  address: profileView(person.key),
})

/** What there is to tell, given the other person's name and that of what is offered, as both can stand in a sentence. */
export const words: Record<Occasion['news'], Write> = {
  invited: (person, _what, { url }, { connections }) => ({
    subject: `${person} invites you to connect`,
    news: `${person} would like to have you as a colleague.`,
    ...(url === null
      ? { action: 'See your invitations', address: `${connections}?connectionType=colleague&status=pending` }
      : { action: 'See the invitation', address: url }),
  }),
  accepted: (person, _what, occasion, addresses) => ({
    subject: `${person} accepted your invitation`,
    news: `${person} accepted your invitation. You are colleagues now.`,
    ...theProfile(occasion, addresses),
  }),
  joined: (person, _what, occasion, addresses) => ({
    subject: `You are connected with ${person}`,
    news: `You and ${person} are colleagues now.`,
    ...theProfile(occasion, addresses),
  }),
  offered: (person, what, { url, page }) => ({
    subject: what === null ? `${person} would like to share something with you` : `${person} invites you to ${what}`,
    news: what === null ? `${person} would like to share something with you.` : `${person} invites you to ${what}.`,
    action: 'See the invitation',
    address: url ?? page,
  }),
  connected: (person, what, { page }) => ({
    subject: what === null ? `${person} shares something with you` : `${person} connected you with ${what}`,
    news: what === null ? `${person} shares something with you.` : `${person} connected you with ${what}.`,
    action: 'See it',
    address: page,
  }),
}
