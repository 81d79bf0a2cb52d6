import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { browserHere } from './installed.js'

/** A browser that lasts as long as the tests of a file. */
export function openedBrowser(): { open: (options?: BrowserContextOptions) => Promise<Page> } {
  let browser: Browser | undefined
  beforeAll(async () => {
    if (browserHere === undefined) return
    // A test machine has no sandbox for it, often runs it as root, and reaches nothing outside.
    const args = ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-dev-shm-usage']
    browser = await chromium.launch({ executablePath: browserHere, args })
  })
  afterAll(() => browser?.close())
  return {
    /** A page of a person of its own, with cookies of its own. */
    open: async (options = {}) => {
      const context = await (browser as Browser).newContext(options)
      return context.newPage()
    },
  }
}
