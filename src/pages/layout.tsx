import type { ComponentChildren, VNode } from 'preact'
import { renderToString } from 'preact-render-to-string'
import type { Status } from '../db/tables.js'
import { icon, script, style } from './assets.js'
import { type Done, texts } from './texts.js'
import { to } from './to.js'

/** Who looks at a page, as far as the page shows it. */
export interface Viewer {
  readonly key: string
  readonly name: string
  /** How many entries each of their own lists has. */
  readonly totals: Readonly<Record<Status, number>>
}

/** What all pages are told. */
export interface Frame {
  /** Null for nobody. */
  readonly viewer: Viewer | null
  /** Address of this page, to which a sign-in leads back. */
  readonly here: string
  /** What was just done. */
  readonly done?: Done | undefined
  /** Address of the feed that shows the same. */
  readonly feed?: string | undefined
  /** What was searched for. */
  readonly words?: string | undefined
}

/** A page that is the same for everybody has no menu. */
interface LayoutProps extends Partial<Frame> {
  readonly title: string
  readonly children: ComponentChildren
}

/** What every page has around its content. */
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
                <a href={to.appPasswords}>{texts.appPasswords}</a> <a href={to.password}>{texts.passwordAndBrowsers}</a>
              </p>
            )}
          </footer>
        )}
      </body>
    </html>
  )
}

/** Tells the link to the page that one is on. */
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

/** A number beside a word. */
export const Count = ({ of }: { of: number }) => <span class="count">{texts.count(of)}</span>

/** Writes a page as an HTML document. Whatever text is in it is escaped. */
export const write = (page: VNode): string => `<!doctype html>${renderToString(page)}`
