import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { pino } from 'pino'
import { readConfig } from '../src/config.js'
import { routesOf } from '../src/http/routes.js'
import { openServices } from '../src/http/services.js'
import { prepareDataFolder } from './support/embedded-template.js'
import { type Server, startServers, stopServers } from './support/servers.js'

/** What the README has a newcomer type is typed here as it stands, and prints what stands below it. */

let folder: string
let servers: Server[] = []

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'connections-readme-'))
  await prepareDataFolder(join(folder, 'data'))
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

test.each(['Two people become colleagues', 'The `connections` module'])(
  '%s: the commands print what stands there',
  async (heading) => {
    const { commands, printed } = await section(heading)
    const base = servers[0]?.base as string
    const script = commands.replace('http://127.0.0.1:3000', base)
    expect(script).toContain(base)
    const { stdout, stderr } = await promisify(execFile)('bash', ['-c', script])
    expect(stderr).toBe('')
    expect(withoutIds(stdout).replace(base, 'http://127.0.0.1:3000')).toBe(withoutIds(printed))
  },
)

/** The programs of the module's section, and what each prints. */
async function programs(): Promise<{ program: string; printed: string }[]> {
  const readme = await readFile('README.md', 'utf8')
  const [, text = ''] = readme.split('\n## The `connections` module\n')
  const [section = ''] = text.split('\n## ')
  return [...section.matchAll(/```js\n([^]*?)```\n+```\n([^]*?)```/g)].map(([, program = '', printed = '']) => ({
    program,
    printed,
  }))
}

test('the programs of the module print what they say', async () => {
  const dataDir = join(folder, 'module')
  await prepareDataFolder(dataDir)
  const run = promisify(execFile)
  const env = { ...process.env, DATABASE_URL: '', DATA_DIR: dataDir }
  await run('node', ['dist/src/main.js', 'import', 'fixtures/cast.jsonl'], { env })
  await run('sh', ['-c', 'echo colleagues | node dist/src/main.js account password ann'], { env })
  const all = await programs()
  expect(all).toHaveLength(4)
  for (const { program, printed } of all) {
    expect(program).toContain("'./data'")
    // Inside the package, as a program of another package would find it in its dependencies.
    const file = join('dist', `readme-${randomUUID()}.mjs`)
    await writeFile(file, program.replace("'./data'", JSON.stringify(dataDir)))
    const { stdout, stderr } = await run('node', [file]).finally(() => rm(file))
    expect(stderr).toBe('')
    expect(withoutIds(stdout)).toBe(withoutIds(printed))
  }
})

/** What the API table of the README says of each address: the methods that it takes. */
async function documented(): Promise<Map<string, Set<string>>> {
  const readme = await readFile('README.md', 'utf8')
  const table = readme.split('\n\n').find((part) => part.startsWith('| method and path')) ?? ''
  const methods = new Map<string, Set<string>>()
  for (const [, taken = '', cell = ''] of table.matchAll(/^\| ((?:GET|HEAD|POST|PUT|DELETE)[A-Z, ]*)(`[^|]*) \|/gm)) {
    for (const [, address = ''] of cell.matchAll(/`([^`?]*)[^`]*`/g)) {
      const path = address.replace('…', '/atom').replace('/profiles', '')
      const known = methods.get(path) ?? new Set()
      methods.set(path, new Set([...known, ...taken.trim().split(', ')]))
    }
  }
  return methods
}

test('the API table names every address and what it takes, and no other', async () => {
  const base = servers[0]?.base as string
  const table = await documented()
  expect(table.size).toBeGreaterThan(15)
  for (const [path, methods] of table) {
    const { headers } = await fetch(`${base}${path}`, { method: 'OPTIONS' })
    const allowed = new Set(headers.get('allow')?.split(', '))
    allowed.delete('OPTIONS')
    if (path === '/live' || path === '/ready') allowed.delete('HEAD')
    expect([path, allowed]).toEqual([path, methods])
  }
  const context = {
    config: readConfig({}),
    baseUrl: base,
    sessionKeys: ['-'],
    release: '',
    log: pino({ level: 'silent' }),
  }
  const services = openServices({ ...context, db: undefined as never, now: () => new Date() })
  const paths = Object.keys(routesOf(services, () => false, undefined))
  expect(paths.filter((path) => !table.has(path))).toEqual([])
})
