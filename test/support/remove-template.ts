import { removeTemplate } from './embedded-template.js'
import { closeIdle } from './lent-database.js'

/** Runs once after all test files. */
export default async function tidy(): Promise<void> {
  await closeIdle()
  await removeTemplate()
}
