import type { AppPassword } from '../accounts/app-password-store.js'
import { Post } from './actions.js'
import { Isolated } from './isolated.js'
import { type Frame, Layout, write } from './layout.js'
import { texts } from './texts.js'
import { to } from './to.js'

/** What the page of one's app passwords shows. */
export interface AppPasswordsPage extends Frame {
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
