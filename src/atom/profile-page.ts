import { createHash } from 'node:crypto'
import type { Account } from '../accounts/account.js'
import { type CardValues, cardValues } from './card-values.js'
import { join, type Markup, nothing } from './escape.js'
import { template } from './template.js'

const style = `:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { max-width: 40rem; margin: 0 auto; padding: 2rem 1rem; overflow-wrap: anywhere }
img { border-radius: 50%; object-fit: cover }
dt { font-size: .85rem; opacity: .75 }
dd { margin: 0 0 .75rem; white-space: pre-line }`

/** What a browser may load for the page (CSP level 3): its own style, and pictures of this server. */
export const profilePagePolicy =
  `default-src 'none'; img-src 'self'; style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'; ` +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

const page = template<Pick<CardValues, 'name' | 'key' | 'millis'> & { facts: Markup }>((at, hole) => {
  const key = hole.text('key')
  const html = at.ele('html', { lang: 'en' })
  const head = html.ele('head')
  head.ele('title').txt(hole.text('name'))
  head.ele('meta', { name: 'viewport', content: 'width=device-width' })
  head.ele('style').txt(style)
  const main = html.ele('body').ele('main')
  // The name stands beside it, so the picture says nothing to whoever cannot see it.
  main.ele('img', { src: `../photo.do?key=${key}&lastMod=${hole.text('millis')}`, alt: '', width: '96', height: '96' })
  main.ele('h1').txt(hole.text('name'))
  main.ele('dl').txt(hole.markup('facts'))
  const links = main.ele('p')
  links.ele('a', { href: `../vcard/profile.do?key=${key}` }).txt('For your address book')
  links.txt(' · ')
  links.ele('a', { href: `../atom/connections.do?connectionType=colleague&key=${key}` }).txt('Feed of colleagues')
})

const fact = template<{ label: string; value: string }>((at, hole) => {
  at.ele('dt').txt(hole.text('label'))
  at.ele('dd', { dir: 'auto' }).txt(hole.text('value'))
})

const email = template<Pick<CardValues, 'email' | 'mailto'>>((at, hole) => {
  at.ele('dt').txt('E-mail')
  at.ele('dd')
    .ele('a', { href: hole.text('mailto') })
    .txt(hole.text('email'))
})

const labels = {
  title: 'Title',
  organization: 'Organization',
  workPhone: 'Telephone',
  mobilePhone: 'Mobile telephone',
  city: 'City',
  country: 'Country',
  tags: 'Tags',
} as const

/** Writes a person's page for a browser, in HTML. Its links are relative, so that they lead to the server it came from. */
export function profilePage(account: Account): string {
  const values = { ...cardValues(account), tags: (account.profile.tags ?? []).join(', ') }
  const facts = Object.entries(labels).map(([name, label]) => {
    const value = values[name as keyof typeof labels]
    return value === '' ? nothing : fact({ label, value })
  })
  const written = page({ ...values, facts: join([account.email === null ? nothing : email(values), ...facts]) })
  // HTML knows these elements without an end; nobody's text has such a tag in it, as it is escaped.
  return `<!DOCTYPE html>${written.replaceAll(/><\/(meta|img)>/g, '>')}`
}
