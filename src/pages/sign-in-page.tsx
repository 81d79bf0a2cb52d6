import { Layout, write } from './layout.js'
import { type Done, texts } from './texts.js'
import { to } from './to.js'

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
