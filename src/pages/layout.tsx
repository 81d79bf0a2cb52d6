import type { ComponentChildren, VNode } from 'preact'
import { renderToString } from 'preact-render-to-string'
import type { Status } from '../db/tables.js'
import { icon, script, style, to } from './links.js'
import { type Done, texts } from './texts.js'

/** The signed-in user. */
interface Viewer {
  readonly key: string
  readonly name: string
  /** The lengths of the user's own lists. */
  readonly totals: Readonly<Record<Status, number>>
}

/** The properties of all pages. */
export interface Frame {
  /** Null for an anonymous request. */
  readonly viewer: Viewer | null
  /** The URL of this page, to return to after a sign-in. */
  readonly here: string
  /** A message about the last action. */
  readonly done?: Done | undefined
  /** The URL of the equivalent feed. */
  readonly feed?: string | undefined
  /** The current search terms. */
  readonly words?: string | undefined
}

/** Without `viewer`, the page has no menu. */
interface LayoutProps extends Partial<Frame> {
  readonly title: string
  readonly children: ComponentChildren
}

/** Renders a page: header, main content, and footer. */
export function Layout({ title, viewer, here, done, feed, words, children }: LayoutProps) {
  return (
    <html lang={texts.language} dir={texts.direction}>
      <head>
        <meta charSet="utf-8" />
        <title>{`${title} · ${texts.product}`}</title>
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <link rel="icon" type="image/svg+xml" href={to.asset(icon)} />
        <link rel="stylesheet" href={to.asset(style)} />
        <script src={to.asset(script)} defer />
        {feed && <link rel="alternate" type="application/atom+xml" title={title} href={feed} />}
      </head>
      <body>
        <a class="skip" href="#content">
          {texts.skip}
        </a>
        <header>
          <div class="bar">
            <a class="product" href={to.network('accepted')}>
              {texts.product}
            </a>
            <form class="search" role="search" action={to.search}>
              <input
                type="search"
                name="search"
                aria-label={texts.search}
                placeholder={texts.search}
                value={words}
                required
              />
              <button>{texts.find}</button>
            </form>
            {viewer !== undefined && <Menu viewer={viewer} here={here} />}
          </div>
        </header>
        <main id="content">
          {done && (
            <p class="done" role="status">
              {texts.done[done]}
            </p>
          )}
          {children}
        </main>
        {(feed ?? viewer) && (
          <footer>
            {feed && (
              <p class="note">
                {viewer ? texts.feed : texts.publicFeed} <a href={feed}>{texts.feedAddress}</a>
              </p>
            )}
            {viewer && (
              <p class="note">
                <a href={to.appPasswords}>{texts.appPasswords}</a> <a href={to.password}>{texts.passwordAndSessions}</a>
              </p>
            )}
          </footer>
        )}
      </body>
    </html>
  )
}

/** The `aria-current` value of a link. */
const current = (place: string, here: string | undefined) => (place === here ? 'page' : undefined)

function Menu({ viewer, here }: { viewer: Viewer | null; here: string | undefined }) {
  return (
    <nav aria-label={texts.menu}>
      {viewer ? (
        <>
          <a href={to.network('accepted')} aria-current={current(to.network('accepted'), here)}>
            {texts.network}
          </a>
          {viewer.totals.pending > 0 && (
            <a href={to.network('pending')} aria-current={current(to.network('pending'), here)}>
              {texts.list.pending} <Count of={viewer.totals.pending} />
            </a>
          )}
          <a href={to.person(viewer.key)} aria-current={current(to.person(viewer.key), here)}>
            <bdi>{viewer.name}</bdi>
          </a>
          <form method="post" action={to.signOut}>
            <button class="plain">{texts.signOut}</button>
          </form>
        </>
      ) : (
        <a href={to.signInThen(here)}>{texts.signIn}</a>
      )}
    </nav>
  )
}

/** A count next to a word. */
export const Count = ({ of }: { of: number }) => <span class="count">{texts.count(of)}</span>

/** Renders a page as an HTML document. All text is escaped. */
export const write = (page: VNode): string => `<!doctype html>${renderToString(page)}`

/** A text of `texts.ts` with user-provided parts. */
export interface Sentence {
  readonly text: (...names: string[]) => string
  /** User-provided parts, in the order of the parameters of `text`. */
  readonly names: readonly string[]
}

/** Isolates user-provided parts, in any script, from the direction of the surrounding text (HTML, section 4.5.24). */
export function Isolated({ text, names }: Sentence) {
  const marked = text(...names.map((_, index) => `\0${index}\0`))
  // `split` puts the captured group at every odd index.
  return marked.split(/\0(\d+)\0/).map((part, place) => (place % 2 === 1 ? <bdi>{names[Number(part)]}</bdi> : part))
}

/** URLs of neighbouring pages, if any. */
export interface Around {
  readonly first?: string
  readonly previous?: string
  readonly next?: string
  readonly last?: string
}

const steps = ['first', 'previous', 'next', 'last'] as const

/** Links to the other pages of a list. */
export function Paging({ around }: { around: Around }) {
  const known = steps.filter((step) => around[step] !== undefined)
  if (known.length === 0) return null
  return (
    <nav class="paging" aria-label={texts.pages}>
      {known.map((step) => (
        <a href={around[step]} rel={step === 'previous' ? 'prev' : step}>
          {texts[step]}
        </a>
      ))}
    </nav>
  )
}

/** Renders an error page. */
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
