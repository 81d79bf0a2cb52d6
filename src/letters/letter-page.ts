import { join, type Markup, nothing } from '../atom/escape.js'
import { template } from '../atom/template.js'

/** What a letter says, part by part; all plain text. */
export interface Told {
  readonly subject: string
  readonly greeting: string
  readonly news: string
  readonly introduction: string
  /** Empty where there is none. */
  readonly message: string
  readonly action: string
  readonly address: string
  readonly reason: string
}

// No colours of text or ground but those of the button: the reader's own are right by day and by night. Void elements
// such as br are not needed, and a template writes them as XML does.
const page = template<Omit<Told, 'introduction' | 'message'> & { quotation: Markup }>((at, hole) => {
  const html = at.ele('html', { lang: 'en' })
  html
    .ele('head')
    .ele('title')
    .txt(hole.text('subject'))
    .up()
    .ele('style')
    .txt(':root { color-scheme: light dark; supported-color-schemes: light dark }')
  html
    .ele('body', { style: 'margin: 0; padding: 24px; font: 16px/1.5 system-ui, sans-serif' })
    .ele('div', { style: 'max-width: 560px; margin: 0 auto; overflow-wrap: anywhere' })
    .ele('p')
    .txt(hole.text('greeting'))
    .up()
    .ele('p')
    .txt(hole.text('news'))
    .up()
    .txt(hole.markup('quotation'))
    .ele('p', { style: 'margin: 24px 0' })
    .ele('a', {
      href: hole.text('address'),
      style:
        'display: inline-block; padding: 10px 20px; border-radius: 6px; background: #1d5fbf; color: #ffffff; ' +
        'text-decoration: none; font-weight: 600',
    })
    .txt(hole.text('action'))
    .up()
    .up()
    .ele('p', { style: 'font-size: 13px; opacity: 0.75' })
    .txt(hole.text('reason'))
})

const quotation = template<{ introduction: string; lines: Markup }>((at, hole) => {
  at.ele('p').txt(hole.text('introduction'))
  at.ele('blockquote', {
    style: 'margin: 16px 0; padding: 0 16px; border-left: 4px solid #8aa4c8; white-space: pre-wrap',
  }).txt(hole.markup('lines'))
})

const line = template<{ line: string }>((at, hole) => {
  at.ele('div', { dir: 'auto' }).txt(hole.text('line'))
})

/** Lays a letter out as a page of HTML. */
export function letterPage({ introduction, message, ...told }: Told): string {
  // A line without anything would have no height.
  const lines = join(message.split('\n').map((each) => line({ line: each || '\u00A0' })))
  const quoted = message === '' ? nothing : quotation({ introduction, lines })
  return `<!DOCTYPE html>\n${page({ ...told, quotation: quoted })}`
}
