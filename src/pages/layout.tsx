import type { ComponentChildren, VNode } from 'preact'
import { renderToString } from 'preact-render-to-string'
import type { Status } from '../db/tables.js'
import { icon, script, style, to } from './links.js'
import { type Done, texts } from './texts.js'

/** Who looks at a page, as far as the page shows it. */
interface Viewer {
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

/** A text of ours, and the words of people that it holds. */
export interface Sentence {
  /** Makes the sentence. */
  readonly text: (...names: string[]) => string
  /** What people wrote, in the order in which the sentence takes it. */
  readonly names: readonly string[]
}

/**
 * A sentence of ours with words of people in it, which may be of any script: each is kept to itself, so that the rest of the
 * line stays in its order, and at its side of the page (HTML, section 4.5.24).
 */
export function Isolated({ text, names }: Sentence) {
  const marked = text(...names.map((_, index) => `\0${index}\0`))
  // Of what `split` gives, each second one is what the pattern caught.
  return marked.split(/\0(\d+)\0/).map((part, place) => (place % 2 === 1 ? <bdi>{names[Number(part)]}</bdi> : part))
}

/** Addresses of the pages around this one; what is absent leads nowhere else. */
export interface Around {
  readonly first?: string
  readonly previous?: string
  readonly next?: string
  readonly last?: string
}

const steps = ['first', 'previous', 'next', 'last'] as const

/** Leads through the pages of a list. */
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
