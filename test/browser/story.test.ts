import type { Page } from 'playwright-core'
import { castPassword } from '../../src/transfer/example.js'
import { openedBrowser } from '../support/browser.js'
import { browserHere } from '../support/installed.js'
import { servedProcess } from '../support/served-process.js'
import { testWith } from '../support/test-with.js'

/** Typical use of the pages, starting with the first sign-in. */

const base = servedProcess()
const { open } = openedBrowser()

async function signIn(page: Page, user: string): Promise<void> {
  await page.goto(base())
  await page.getByLabel('User name or e-mail address').fill(user)
  await page.getByLabel('Password').fill(castPassword)
  await page.getByRole('main').getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('heading', { name: 'My network' }).waitFor()
}

const said = (page: Page) => page.getByRole('status').textContent()
const people = (page: Page) => page.locator('.people .name').allTextContents()

for (const [how, options, inviter, invited] of [
  ['at a desk', { viewport: { width: 1280, height: 800 } }, 'bo', 'Lou'],
  ['on a telephone, without script', { viewport: { width: 320, height: 640 }, javaScriptEnabled: false }, 'kit', 'Lou'],
] as const) {
  testWith(browserHere, `two become colleagues ${how}, and part again`, async () => {
    const one = await open(options)
    await signIn(one, inviter)
    await one.getByRole('searchbox').fill(invited)
    await one.getByRole('button', { name: 'Search' }).click()
    await one.getByText('Invite', { exact: true }).click()
    await one.getByLabel('Message').fill('Shall we?\n<b>Yes</b>')
    await one.getByRole('button', { name: 'Send invitation' }).click()
    expect(await said(one)).toContain('Invitation sent.')
    expect(await one.locator('.person .note').last().textContent()).toBe('You invited this person')

    const other = await open(options)
    await signIn(other, invited.toLowerCase())
    await other
      .getByRole('link', { name: /^Invitations/ })
      .first()
      .click()
    expect(await other.getByRole('blockquote').innerText()).toBe('Shall we?\n<b>Yes</b>')
    await other.getByRole('button', { name: /^Accept/ }).click()
    expect(await said(other)).toContain('You are now connected.')
    await other.getByRole('link', { name: 'My network' }).click()
    const [name = ''] = await people(other)

    await one.goto(base())
    expect(await people(one)).toContain('Lou')
    await one.getByRole('link', { name: 'Lou', exact: true }).click()
    await one.getByText('Remove', { exact: true }).first().click()
    await one.getByRole('button', { name: /^Remove/ }).click()
    await other.reload()
    expect(await people(other)).not.toContain(name)
    await other.getByRole('button', { name: 'Sign out' }).click()
    await other.goto(base())
    expect(await other.getByRole('heading').textContent()).toBe('Sign in')
    for (const page of [one, other]) await page.context().close()
  })
}

testWith(browserHere, 'a feed reader gets an app password, and loses it', async () => {
  const page = await open()
  await signIn(page, 'ann')
  await page.getByRole('link', { name: 'App passwords' }).click()
  await page.getByLabel('Name').fill('My reader')
  await page.getByRole('button', { name: 'Create' }).click()
  const secret = (await page.locator('#secret').textContent()) ?? ''
  const authorization = `Basic ${Buffer.from(`ann:${secret}`).toString('base64')}`
  const feed = `${base()}/profiles/atom/connections.do?connectionType=colleague&status=pending`
  const first = await fetch(feed, { headers: { authorization } })
  const etag = first.headers.get('etag') ?? ''
  const second = await fetch(feed, { headers: { authorization, 'if-none-match': etag } })
  expect([first.status, second.status]).toEqual([200, 304])

  await page.getByRole('link', { name: 'My network' }).click()
  await page.getByRole('link', { name: 'App passwords' }).click()
  expect(await page.content()).not.toContain(secret)
  await page.getByRole('button', { name: 'Revoke My reader' }).click()
  expect(await said(page)).toContain('The app password was revoked')
  expect((await fetch(feed, { headers: { authorization, 'if-none-match': etag } })).status).toBe(401)
  await page.context().close()
})

testWith(browserHere, 'everything can be done with the keyboard alone', async () => {
  const page = await open()
  const { keyboard } = page
  /** Presses Tab until an element with this name has the focus. */
  const tabTo = async (name: string) => {
    for (let step = 0; step < 60; step++) {
      await keyboard.press('Tab')
      const focused = await page.evaluate(() => {
        const element = document.activeElement
        return element?.getAttribute('aria-label') ?? element?.textContent
      })
      if (focused?.startsWith(name)) return
    }
    throw new Error(`the keyboard does not reach ${name}`)
  }
  await page.goto(base())
  // Autofocus follows shortly after the page has loaded.
  await page.locator('input[name=user]:focus').waitFor()
  await keyboard.type('ann')
  await keyboard.press('Tab')
  await keyboard.type(castPassword)
  await keyboard.press('Enter')
  await page.getByRole('heading', { name: 'My network' }).waitFor()

  await tabTo('Skip to content')
  await keyboard.press('Enter')
  await tabTo('Invitations')
  await keyboard.press('Enter')
  await page
    .getByRole('button', { name: /^Accept/ })
    .first()
    .waitFor()
  const waiting = await people(page)
  await tabTo('Decline the invitation from')
  await keyboard.press('Enter')
  await page.getByRole('status').waitFor()
  expect(await people(page)).toEqual(waiting.slice(1))

  await keyboard.press('/')
  await keyboard.type('lou')
  await keyboard.press('Enter')
  await page.getByRole('heading', { name: 'People: lou' }).waitFor()
  await tabTo('Invite Lou')
  await keyboard.press('Enter')
  await keyboard.press('Tab')
  await keyboard.type('By keyboard')
  await keyboard.press('Tab')
  await keyboard.press('Enter')
  await page.getByRole('status').waitFor()
  expect(await said(page)).toContain('Invitation sent.')
  await page.context().close()
})

test('the server of these tests is there', async () => {
  expect((await fetch(`${base()}/ready`)).status).toBe(200)
})
