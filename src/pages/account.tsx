import type { AppPassword } from '../identity/credential-store.js'
import { type Frame, Isolated, Layout, write } from './layout.js'
import { to } from './links.js'
import { Post } from './people.js'
import { type Done, texts } from './texts.js'

/** The page of app passwords. */
interface AppPasswordsPage extends Frame {
  readonly passwords: readonly AppPassword[]
  /** A new app password. Its secret is shown only once. */
  readonly made?: { readonly name: string; readonly secret: string } | undefined
  /** Id of the next app password, so that submitting the form twice creates only one. */
  readonly form: string
  /** The user's sign-in name. */
  readonly signInName: string
}

/** Lifetimes of app passwords in days; '' is unlimited. */
export const lifetimes = ['30', '90', '365', ''] as const

/** Renders the page to create and revoke app passwords. */
export function appPasswordsPage(page: AppPasswordsPage): string {
  const { passwords, made, form, signInName } = page
  return write(
    <Layout {...page} title={texts.appPasswords}>
      <h1>{texts.appPasswords}</h1>
      <p>
        <Isolated text={texts.aboutAppPasswords} names={[signInName]} />{' '}
        <a href={to.password}>{texts.changePassword}</a>
      </p>
      {made && <NewAppPassword {...made} />}
      <p>
        {texts.feedList} <a href={to.feed('accepted')}>{texts.feeds.accepted}</a>,{' '}
        <a href={to.feed('pending')}>{texts.feeds.pending}</a>
      </p>
      {passwords.length === 0 ? (
        <p class="empty">{texts.noAppPasswords}</p>
      ) : (
        <ul class="people">
          {passwords.map((each) => (
            <AppPasswordItem of={each} />
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
          {texts.expiry}
          <select name="days">
            {lifetimes.map((days) => (
              <option value={days}>{days === '' ? texts.never : texts.days(Number(days))}</option>
            ))}
          </select>
        </label>
        <label>
          <input type="checkbox" name="write" value="true" /> {texts.allowWriting}
        </label>
        <input type="hidden" name="form" value={form} />
        <button class="first">{texts.createAppPassword}</button>
      </form>
    </Layout>,
  )
}

const NewAppPassword = ({ name, secret }: NonNullable<AppPasswordsPage['made']>) => (
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

/** The last millisecond of validity. For an app password that expires at midnight, it is on the previous day. */
const lastValidMoment = (end: Date) => new Date(end.getTime() - 1)

const AppPasswordItem = ({ of: { id, name, scopes, created, used, expires } }: { of: AppPassword }) => (
  <li class="person">
    <h2 class="name">
      <bdi>{name}</bdi>
    </h2>
    <dl>
      <dt>{texts.access}</dt>
      <dd>{texts.scopes(scopes)}</dd>
      <dt>{texts.created}</dt>
      <dd>{texts.date(created)}</dd>
      <dt>{texts.lastUsed}</dt>
      <dd>{used ? texts.date(used) : texts.never}</dd>
      <dt>{texts.expires}</dt>
      <dd>{expires ? texts.date(lastValidMoment(expires)) : texts.never}</dd>
    </dl>
    <Post to={to.revoke} fields={{ id }} text={texts.revoke} label={texts.revokeName(name)} />
  </li>
)

/** The page to change the password. */
interface PasswordPage extends Frame {
  /** The reason that the last attempt failed. */
  readonly refusal?: string | undefined
  /** Limits of a password's length. */
  readonly lengths: { readonly shortest: number; readonly longest: number }
  /** The user's sign-in name. */
  readonly signInName: string
}

/** Renders the page to change the password and to sign out other browsers. Typed passwords are never sent back. */
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
        <Isolated text={texts.aboutPassword} names={[signInName]} /> <a href={to.appPasswords}>{texts.appPasswords}</a>
      </p>
      <form class="sheet" method="post" action={to.password}>
        {/* Links the password to its account, for password managers. */}
        <input hidden name="user" autocomplete="username" value={signInName} />
        <Password name="present" kind="current-password" label={texts.currentPassword} />
        <Password name="fresh" kind="new-password" label={texts.newPassword} note="rule" />
        <p class="note" id="rule">
          {texts.passwordRule(lengths.shortest, lengths.longest)}
        </p>
        <Password name="again" kind="new-password" label={texts.newPasswordAgain} />
        <button class="first">{texts.changePassword}</button>
      </form>
      <h2>{texts.signOutEverywhere}</h2>
      <p>{texts.aboutSigningOutEverywhere}</p>
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

/** The sign-in page. */
interface SignInPage {
  /** The page to open after the sign-in. */
  readonly next: string
  readonly done?: Done | undefined
  /** The user name of a failed attempt. */
  readonly wrong?: string | undefined
}

/** Renders the sign-in page. After a failed attempt, the user name is filled in. */
export const signInPage = ({ next, done, wrong }: SignInPage): string =>
  write(
    <Layout title={texts.signIn} done={done}>
      <h1>{texts.signIn}</h1>
      {wrong !== undefined && (
        <p class="refused" role="alert">
          {texts.wrongCredentials}
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
