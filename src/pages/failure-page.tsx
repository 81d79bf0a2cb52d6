import { Layout, write } from './layout.js'
import { texts } from './texts.js'
import { to } from './to.js'

/** Writes the page that tells a person why there is no other. */
export const failurePage = (sentence: string): string =>
  write(
    <Layout title={texts.failed}>
      <h1>{texts.failed}</h1>
      <p>{sentence}</p>
      <p>
        <a href={to.network('accepted')}>{texts.back}</a>
      </p>
    </Layout>,
  )
