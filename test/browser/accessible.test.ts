import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import type { Page } from 'playwright-core'
import { castPassword } from '../../src/transfer/example.js'
import { openedBrowser } from '../support/browser.js'
import { browserHere } from '../support/installed.js'
import { servedProcess } from '../support/served-process.js'
import { testWith } from '../support/test-with.js'

/** All pages are accessible according to axe, in light and dark mode, on a desktop and on a phone. */

const base = servedProcess()
const { open } = openedBrowser()

const list = '/profiles/atom/connections.do?connectionType=colleague'
const pages = [
  ['my network', list],
  ['invitations to answer', `${list}&status=pending`],
  ['invitations sent', `${list}&status=unconfirmed`],
  ['another’s colleagues', `${list}&userid=bo&ps=1&page=2`],
  ['colleagues in common', '/profiles/atom/connectionsInCommon.do?userid=ann,bo'],
  ['a search', '/profiles/atom/search.do?search=l'],
  ['a search without result', '/profiles/atom/search.do?search=nobody'],
  ['a colleague', '/profiles/html/profileView.do?userid=bo'],
  ['somebody who waits for an answer', '/profiles/html/profileView.do?userid=dalia'],
  ['somebody to invite', '/profiles/html/profileView.do?userid=lou'],
  ['oneself', '/profiles/html/profileView.do?userid=ann'],
  ['a picture of a network', '/profiles/html/picture.do?userid=ann'],
  ['app passwords', '/profiles/html/appPasswords.do'],
  ['the sign-in', '/profiles/html/signIn.do'],
  ['a refusal', `${list}&userid=nobody`],
] as const

const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** Violations of accessibility rules. */
async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe)
  return page.evaluate(async () => {
    // In the browser, axe is global.
    type Rule = { id: string; impact: string; nodes: { html: string }[] }
    type Result = { violations: Rule[]; passes: Rule[] }
    const { axe } = globalThis as unknown as { axe: { run: () => Promise<Result> } }
    const { violations, passes } = await axe.run()
    if (!passes.some(({ id }) => id === 'color-contrast')) return ['nothing was looked at']
    return violations.flatMap(({ id, impact, nodes }) => nodes.map(({ html }) => `${impact} ${id}: ${html}`))
  })
}

const authorization = `Basic ${Buffer.from(`ann:${castPassword}`).toString('base64')}`

/** Elements that are too wide: the page itself, a scrollable part, or one beyond the edge. */
const tooWide = (page: Page): Promise<string[]> =>
  page.evaluate(() => {
    const scrolled = Array.from(document.querySelectorAll('html, body *:not(input)'))
      .filter((each) => each === document.documentElement || getComputedStyle(each).overflowX !== 'visible')
      .filter(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth)
    const atTheEdge = Array.from(document.querySelectorAll('.bar *, main > *')).filter(
      (each) => each.getBoundingClientRect().right > innerWidth - 15,
    )
    return [...scrolled, ...atTheEdge].map(({ outerHTML }) => outerHTML.slice(0, 100))
  })

async function expectUsable(page: Page): Promise<void> {
  for (const summary of await page.locator('summary').all()) await summary.click()
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    expect(await violations(page)).toEqual([])
  }
  await page.setViewportSize({ width: 320, height: 640 })
  expect(await tooWide(page)).toEqual([])
}

for (const [name, path] of pages) {
  testWith(browserHere, `${name}: axe finds nothing, and a telephone need not scroll sideways`, async () => {
    const page = await open({ extraHTTPHeaders: { authorization } })
    await page.goto(base() + path)
    await expectUsable(page)
    await page.context().close()
  })
}

testWith(browserHere, 'whoever is not signed in, mistypes a password, signs in and changes it: the same', async () => {
  const page = await open()
  await page.goto(base() + `${list}&userid=ann`)
  await expectUsable(page)
  await page.getByRole('navigation').getByRole('link', { name: 'Sign in' }).click()
  await page.getByLabel('User name').fill('bo')
  await page.getByLabel('Password').fill('not right')
  await page.keyboard.press('Enter')
  await page.getByRole('alert').waitFor()
  await expectUsable(page)
  await page.getByLabel('Password').fill(castPassword)
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: 'Sign out' }).waitFor()
  await expectUsable(page)
  await page.getByRole('link', { name: 'App passwords' }).click()
  await page.getByRole('link', { name: 'Change password' }).click()
  await page.getByLabel('Current password').fill(castPassword)
  for (const label of ['New password', 'Repeat new password']) {
    await page.getByLabel(label, { exact: true }).fill('seven77')
  }
  await page.keyboard.press('Enter')
  await page.getByRole('alert').waitFor()
  await expectUsable(page)
  await page.context().close()
})

/** The distance of each text from the start of the line. */
const indents = (page: Page): Promise<number[]> =>
  page.evaluate(() =>
    Array.from(document.querySelectorAll('h1, h2, dd, .person p, .person .name, blockquote')).map((each) => {
      const { paddingLeft, borderLeftWidth } = getComputedStyle(each)
      const text = document.createRange()
      text.selectNodeContents(each)
      const start = Math.min(...Array.from(text.getClientRects(), ({ left }) => left))
      return Math.round(
        start - each.getBoundingClientRect().left - parseFloat(paddingLeft) - parseFloat(borderLeftWidth),
      )
    }),
  )

for (const [name, path] of [
  ['a person', '/profiles/html/profileView.do?userid=farid'],
  ['a list', `${list}&userid=eleni`],
  ['an invitation', `${list}&status=pending`],
] as const) {
  testWith(browserHere, `${name} whose name is written from right to left stays at the side of the page`, async () => {
    const page = await open({ extraHTTPHeaders: { authorization } })
    await page.goto(base() + path)
    expect(await page.getByText(/\p{Script=Arabic}|\p{Script=Hebrew}/u).count()).toBeGreaterThan(0)
    const all = await indents(page)
    expect(all.length).toBeGreaterThan(1)
    expect(all.filter((indent) => indent !== 0)).toEqual([])
    await page.context().close()
  })
}

testWith(browserHere, 'a new app password, and the list that it is in: the same', async () => {
  const page = await open({ extraHTTPHeaders: { authorization } })
  await page.goto(`${base()}/profiles/html/appPasswords.do`)
  await page.getByLabel('Name').fill('Theprogramthatreadsallofmyfeedsatnightandinthemorning')
  await page.getByRole('button', { name: 'Create' }).click()
  await page.locator('#secret').waitFor()
  await expectUsable(page)
  await page.reload()
  await page.getByText('This app password already exists').waitFor()
  await expectUsable(page)
  await page.context().close()
})
