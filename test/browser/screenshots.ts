import { mkdir } from 'node:fs/promises'
import { chromium } from 'playwright-core'
import { castPassword } from '../../src/transfer/example.js'
import { browserHere } from '../support/installed.js'
import { run, started } from '../support/process.js'

/** Takes the screenshots of the README, from the example network. */

const folder = 'fixtures/screenshots'
const list = '/profiles/atom/connections.do?connectionType=colleague'
const shots = [
  {
    name: 'network',
    // Oldest first, so that the list begins with ordinary names, in several scripts.
    path: `${list}&status=accepted&sortBy=lastMod&sortOrder=asc&ps=30`,
    width: 960,
    height: 640,
    colorScheme: 'light',
  },
  { name: 'picture', path: '/profiles/html/picture.do?userid=ann', width: 960, height: 670, colorScheme: 'light' },
  {
    name: 'invitations',
    path: `${list}&status=pending&sortBy=lastMod&sortOrder=desc&ps=30`,
    width: 360,
    height: 860,
    colorScheme: 'dark',
  },
] as const

if (browserHere === undefined) throw new Error('There is no Chromium on this machine.')
await mkdir(folder, { recursive: true })
const server = run(['serve'], { DATA_DIR: 'data/screenshots' })
const base = await started(server)
const browser = await chromium.launch({ executablePath: browserHere, args: ['--no-sandbox', '--disable-gpu'] })
const authorization = `Basic ${Buffer.from(`ann:${castPassword}`).toString('base64')}`
for (const { name, path, width, height, colorScheme } of shots) {
  const page = await browser.newPage({
    viewport: { width, height },
    colorScheme,
    extraHTTPHeaders: { authorization },
  })
  await page.goto(base + path)
  await page.waitForLoadState('networkidle')
  await page.screenshot({ path: `${folder}/${name}.png` })
  await page.close()
}
await browser.close()
server.kill('SIGTERM')
await server.exit
