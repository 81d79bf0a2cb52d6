import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * Runs every test twice, those of `system` too, which try every switch of a server and real programs around it: on the
 * embedded database, and on the Postgres server of `DATABASE_URL`, or of this machine. The last line is the sum.
 */

const usual = 'postgres://postgres@127.0.0.1:5432/test'
const { DATABASE_URL: given, ...rest } = process.env
const folder = mkdtempSync(join(tmpdir(), 'connections-all-'))
const report = join(folder, 'report.json')
const jest = ['node_modules/jest/bin/jest.js', '--testPathIgnorePatterns=^$', '--json', `--outputFile=${report}`]

const runs: readonly [name: string, env: NodeJS.ProcessEnv][] = [
  ['embedded database', rest],
  ['Postgres server', { ...rest, DATABASE_URL: given || usual }],
]
const sums = runs.map(([name, env]) => {
  process.stderr.write(`== ${name}\n`)
  const { status } = spawnSync(process.execPath, [...jest, ...process.argv.slice(2)], {
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const { numPassedTests, numFailedTests, numTotalTests } = JSON.parse(readFileSync(report, 'utf8')) as Totals
  rmSync(report)
  process.exitCode ||= status ?? 1
  return `${name}: ${numPassedTests} of ${numTotalTests} passed, ${numFailedTests} failed`
})
rmSync(folder, { recursive: true })
process.stdout.write(`${sums.join('; ')}\n`)

interface Totals {
  numPassedTests: number
  numFailedTests: number
  numTotalTests: number
}
