import type { AppPassword } from '../identity/credential-store.js'
import { type Frame, Isolated, Layout, write } from './layout.js'
import { to } from './links.js'
import { Post } from './people.js'
import { type Done, texts } from './texts.js'

/** What the page of one's app passwords shows. */
interface AppPasswordsPage extends Frame {
  readonly passwords: readonly AppPassword[]
  /** One that was just made: its secret is shown this once. */
  readonly made?: { readonly name: string; readonly secret: string } | undefined
  /** The id of what its form makes. */
  readonly form: string
  /** Name by which the person signs in. */
  readonly signInName: string
}

/** Days after which an app password may end; none is never. */
export const lifetimes = ['30', '90', '365', ''] as const

/** Writes the page on which a person makes and revokes app passwords. */
export function appPasswordsPage(page: AppPasswordsPage): string {
  const { passwords, made, form, signInName } = page
  return write(
    <Layout {...page} title={texts.appPasswords}>
      <h1>{texts.appPasswords}</h1>
      <p>
        <Isolated text={texts.appPasswordsAre} names={[signInName]} /> <a href={to.password}>{texts.changePassword}</a>
      </p>
      {made && <Made {...made} />}
      <p>
        {texts.feedsAre} <a href={to.feed('accepted')}>{texts.feeds.accepted}</a>,{' '}
        <a href={to.feed('pending')}>{texts.feeds.pending}</a>
      </p>
      {passwords.length === 0 ? (
        <p class="empty">{texts.noAppPasswords}</p>
      ) : (
        <ul class="people">
          {passwords.map((each) => (
            <One of={each} />
          ))}
        </ul>
      )}
      <h2>{texts.newAppPassword}</h2>
      <form class="sheet" method="post" action={to.appPasswords}>
        <label>
          {texts.appPasswordName}
          <input name="name" required maxLength={100} autocomplete="off" dir="auto" />
        </label>
        <label>
          {texts.lifetime}
          <select name="days">
            {lifetimes.map((days) => (
              <option value={days}>{days === '' ? texts.never : texts.days(Number(days))}</option>
            ))}
          </select>
        </label>
        <label>
          <input type="checkbox" name="write" value="true" /> {texts.mayWrite}
        </label>
        <input type="hidden" name="form" value={form} />
        <button class="first">{texts.makeAppPassword}</button>
      </form>
    </Layout>,
  )
}

const Made = ({ name, secret }: NonNullable<AppPasswordsPage['made']>) => (
  <section class="done" role="status">
    <p>
      <Isolated text={texts.shownOnce} names={[name]} />
    </p>
    <p>
      <code class="secret" id="secret">
        {secret}
      </code>{' '}
      <button hidden type="button" data-copies="secret" data-done={texts.copied}>
        {texts.copy}
      </button>
    </p>
  </section>
)

/** What ends at midnight is good on the day before. */
const lastMomentOf = (end: Date) => new Date(end.getTime() - 1)

const One = ({ of: { id, name, scopes, created, used, expires } }: { of: AppPassword }) => (
  <li class="person">
    <h2 class="name">
      <bdi>{name}</bdi>
    </h2>
    <dl>
      <dt>{texts.may}</dt>
      <dd>{texts.scopes(scopes)}</dd>
      <dt>{texts.made}</dt>
      <dd>{texts.date(created)}</dd>
      <dt>{texts.lastUsed}</dt>
      <dd>{used ? texts.date(used) : texts.never}</dd>
      <dt>{texts.lastDay}</dt>
      <dd>{expires ? texts.date(lastMomentOf(expires)) : texts.never}</dd>
    </dl>
    <Post to={to.revoke} fields={{ id }} text={texts.revoke} label={texts.revokeName(name)} />
  </li>
)

/** What the page shows on which people change their password. */
interface PasswordPage extends Frame {
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

/** What the page of the sign-in shows. */
export interface SignInPage {
  /** Where it goes on. */
  readonly next: string
  readonly done?: Done | undefined
  /** The name that was just sent with what was not right. */
  readonly wrong?: string | undefined
}

/** Writes the page that asks who somebody is. It repeats a name that was typed: it was to be seen then, too. */
export const signInPage = ({ next, done, wrong }: SignInPage): string =>
  write(
    <Layout title={texts.signIn} done={done}>
      <h1>{texts.signIn}</h1>
      {wrong !== undefined && (
        <p class="refused" role="alert">
          {texts.notRight}
        </p>
      )}
      <form class="sheet" method="post" action={to.signIn}>
        <label>
          {texts.userName}
          <input
            name="user"
            autocomplete="username"
            autocapitalize="none"
            spellcheck={false}
            required
            value={wrong}
            autofocus={!wrong}
          />
        </label>
        <label>
          {texts.password}
          <input name="password" type="password" autocomplete="current-password" required autofocus={Boolean(wrong)} />
        </label>
        <input type="hidden" name="next" value={next} />
        <button class="first">{texts.signIn}</button>
      </form>
    </Layout>,
  )
