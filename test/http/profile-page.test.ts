import { createHash } from 'node:crypto'
import { expect, test } from '@jest/globals'
import { parse } from '../support/xml.js'
import { as, servedCast } from '../support/served-cast.js'

/** The page to which every profile entry links for a browser. */

const { send } = servedCast()
const get = (query: string, name?: string) =>
  send(`/profiles/html/profileView.do?${query}`, name === undefined ? {} : { as: as(name) })
/** HTML, read as XML: the few elements that have no end get one. */
const read = (html: string) => parse(html.replace('<!DOCTYPE html>', '').replaceAll(/<(meta|img)[^>]*/g, '$&/'))
const textsOf = (html: string, element: string) =>
  Array.from(html.matchAll(new RegExp(`<${element}[^>]*>([^<]*)`, 'g')), ([, text]) => text)

test('says who somebody is, and leads to the rest', async () => {
  const { status, headers, text } = await get('key=87e6f815-95b6-49c7-a16b-3021a32a7420')
  expect([status, headers['content-type']]).toEqual([200, 'text/html;charset=UTF-8'])
  expect(read(text).attributes['lang']).toBe('en')
  expect(textsOf(text, 'h1')).toEqual(['Ann Zoë Lindström-O’Neill'])
  expect(textsOf(text, 'dt')).toContain('Organization')
  const hrefs = Array.from(text.matchAll(/(?:href|src)="([^"]*)"/g), ([, href = '']) => href.replaceAll('&amp;', '&'))
  expect(hrefs).toHaveLength(4)
  for (const href of hrefs.filter((each) => !each.startsWith('mailto:'))) {
    const { pathname, search } = new URL(href, 'http://server/profiles/html/profileView.do')
    expect((await send(pathname + search)).status).toBe(200)
  }
})

test('a name that looks like markup stays a name', async () => {
  const { text } = await get('userid=greta')
  expect(textsOf(text, 'h1')).toEqual(['Greta &amp;copy; &lt;Groß&gt;'])
  expect(read(text).name).toBe('html')
})

test('nothing runs or loads but its own style and pictures of the server', async () => {
  const { headers, text } = await get('userid=ann')
  const style = /<style>([^<]*)/.exec(text)?.[1] as string
  const digest = createHash('sha256').update(style).digest('base64')
  expect(headers['content-security-policy']).toBe(
    `default-src 'none'; img-src 'self'; style-src 'sha256-${digest}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  )
})

test('a browser that asks whether its copy is good is told the same policy', async () => {
  const { headers } = await get('userid=ann')
  const fresh = await send('/profiles/html/profileView.do?userid=ann', {
    headers: { 'if-none-match': String(headers.etag) },
  })
  expect(fresh.status).toBe(304)
  expect(fresh.headers['content-security-policy']).toBe(headers['content-security-policy'])
})

test('every link of a profile entry leads somewhere', async () => {
  const { text } = await send('/profiles/atom/profileEntry.do?userid=ann')
  const hrefs = Array.from(
    text.matchAll(/<link href="https:\/\/connections\.example([^"]*)"/g),
    ([, href = '']) => href,
  )
  expect(hrefs.length).toBeGreaterThanOrEqual(5)
  for (const href of hrefs) expect([href, (await send(href.replaceAll('&amp;', '&'))).status]).toEqual([href, 200])
})

test.each([
  ['userid=nobody', undefined, 404],
  ['', undefined, 401],
  ['', 'ann', 200],
])('%s, asked by %s: %d', async (query, name, status) => {
  expect((await get(query, name)).status).toBe(status)
})
