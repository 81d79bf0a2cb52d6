import { Layout, write } from './layout.js'
import { texts } from './texts.js'
import { to } from './to.js'

/** What the page of the sign-in shows. */
export interface SignInPage {
  /** Where it goes on. */
  readonly next: string
  /** Whether what was just sent was not right. */
  readonly isWrong: boolean
}

/** Writes the page that asks who somebody is. It does not repeat what was typed: that may be a password in the wrong field. */
export const signInPage = ({ next, isWrong }: SignInPage): string =>
  write(
    <Layout title={texts.signIn}>
      <h1>{texts.signIn}</h1>
      {isWrong && (
        <p class="refused" role="alert">
          {texts.notRight}
        </p>
      )}
      <form class="sheet" method="post" action={to.signIn}>
        <label>
          {texts.userName}
          <input name="user" autocomplete="username" autocapitalize="none" spellcheck={false} required autofocus />
        </label>
        <label>
          {texts.password}
          <input name="password" type="password" autocomplete="current-password" required />
        </label>
        <input type="hidden" name="next" value={next} />
        <button class="first">{texts.signIn}</button>
      </form>
    </Layout>,
  )
