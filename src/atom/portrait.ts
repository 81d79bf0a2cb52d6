import type { Account } from '../people/account.js'
import { initialsOf } from '../people/names.js'
import { fragmentTemplate } from './template.js'
import { SVG } from './vocabulary.js'

/** Background colours for white text: each has a contrast ratio of at least 4.5:1 (WCAG 2.2, 1.4.3). */
export const backgrounds = [
  '#8a3324',
  '#7a4a00',
  '#5f5a00',
  '#3d6200',
  '#00663a',
  '#006464',
  '#005f8a',
  '#2a4fb0',
  '#4b3fb5',
  '#6d34a8',
  '#8e2a86',
  '#96254f',
] as const

const side = 128

/**
 * Draws the initials of an account without a photo, as SVG. The colour depends only on the key, so it never changes.
 */
export function portrait({ key, name }: Pick<Account, 'key' | 'name'>): string {
  const ground = backgrounds[Number.parseInt(key.slice(-6), 16) % backgrounds.length] as string
  return drawing({ name, initials: initialsOf(name), ground })
}

const drawing = fragmentTemplate<{ name: string; initials: string; ground: string }>((at, hole) => {
  const root = at
    .ele(SVG, 'svg')
    .att('role', 'img')
    .att('aria-label', hole.text('name'))
    .att('width', String(side))
    .att('height', String(side))
    .att('viewBox', `0 0 ${side} ${side}`)
  root.ele('title').txt(hole.text('name'))
  root.ele('rect').att('width', String(side)).att('height', String(side)).att('fill', hole.text('ground'))
  root
    .ele('text')
    .att('x', String(side / 2))
    .att('y', String(side / 2))
    .att('dy', '.35em')
    .att('text-anchor', 'middle')
    .att('font-family', 'sans-serif')
    .att('font-size', '52')
    .att('fill', '#ffffff')
    .txt(hole.text('initials'))
})
