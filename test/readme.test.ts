import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { type Server, startServers, stopServers } from './support/servers.js'

/** What the README has a newcomer type is typed here as it stands, and prints what stands below it. */

let folder: string
let servers: Server[] = []

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'connections-readme-'))
  servers = await startServers(1, { DATA_DIR: join(folder, 'data') })
})
afterAll(async () => {
  await stopServers(servers)
  await rm(folder, { recursive: true })
})

/** The commands of a section, and what they print. */
async function section(heading: string): Promise<{ commands: string; printed: string }> {
  const readme = await readFile('README.md', 'utf8')
  const [, text = ''] = readme.split(`\n## ${heading}\n`)
  const [, commands = '', printed = ''] = /```sh\n([^]*?)```\n+```\n([^]*?)```/.exec(text) ?? []
  return { commands, printed }
}

const withoutIds = (text: string) =>
  text.replaceAll('\r', '').replaceAll(/[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}/g, 'ID')

test('two people become colleagues', async () => {
  const { commands, printed } = await section('Two people become colleagues')
  const base = servers[0]?.base as string
  const script = commands.replace('http://127.0.0.1:3000', base)
  expect(script).toContain(base)
  const { stdout, stderr } = await promisify(execFile)('bash', ['-c', script])
  expect(stderr).toBe('')
  expect(withoutIds(stdout).replace(base, 'http://127.0.0.1:3000')).toBe(withoutIds(printed))
})
