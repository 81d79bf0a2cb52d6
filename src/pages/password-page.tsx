import { Isolated } from './isolated.js'
import { type Frame, Layout, write } from './layout.js'
import { texts } from './texts.js'
import { to } from './to.js'

/** What the page shows on which people change their password. */
export interface PasswordPage extends Frame {
  /** Why what was just sent was not taken. */
  readonly refusal?: string | undefined
  /** How many characters a password may have. */
  readonly lengths: { readonly shortest: number; readonly longest: number }
  /** Name by which the person signs in. */
  readonly signInName: string
}

/** Writes the page on which a person changes the password, and signs out of other browsers. It repeats nothing that was typed. */
export function passwordPage(page: PasswordPage): string {
  const { refusal, lengths, signInName } = page
  return write(
    <Layout {...page} title={texts.changePassword}>
      <h1>{texts.changePassword}</h1>
      {refusal !== undefined && (
        <p class="refused" role="alert">
          {refusal}
        </p>
      )}
      <p>
        <Isolated text={texts.passwordIs} names={[signInName]} /> <a href={to.appPasswords}>{texts.appPasswords}</a>
      </p>
      <form class="sheet" method="post" action={to.password}>
        {/* By this a password manager knows whose password it keeps. */}
        <input hidden name="user" autocomplete="username" value={signInName} />
        <Password name="present" kind="current-password" label={texts.presentPassword} />
        <Password name="fresh" kind="new-password" label={texts.newPassword} note="rule" />
        <p class="note" id="rule">
          {texts.passwordRule(lengths.shortest, lengths.longest)}
        </p>
        <Password name="again" kind="new-password" label={texts.newPasswordAgain} />
        <button class="first">{texts.changePassword}</button>
      </form>
      <h2>{texts.signOutEverywhere}</h2>
      <p>{texts.signOutEverywhereSays}</p>
      <form method="post" action={to.signOut}>
        <input type="hidden" name="everywhere" value="true" />
        <button>{texts.signOutEverywhere}</button>
      </form>
    </Layout>,
  )
}

interface PasswordProps {
  readonly name: string
  readonly kind: 'current-password' | 'new-password'
  readonly label: string
  readonly note?: string
}

const Password = ({ name, kind, label, note }: PasswordProps) => (
  <label>
    {label}
    <input name={name} type="password" autocomplete={kind} required aria-describedby={note} />
  </label>
)
