import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { chmod, cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { prepareDataFolder } from '../support/embedded-template.js'
import { installed } from '../support/installed.js'
import { run, started } from '../support/process.js'
import { startServers, stopServers, type Server } from '../support/servers.js'
import { testWith } from '../support/test-with.js'
import { type Block, blocksOf, type Document, documents } from './documents.js'

/**
 * Every shell block and every program of the documents runs in a copy of the clone, with the example network in `./data`.
 * Its output must equal the block that follows it.
 */

const shown = 'http://127.0.0.1:3000'
let folder: string
let clone: string
let appPassword: string
let servers: Server[] = []

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'connections-docs-'))
  clone = join(folder, 'clone')
  await copyClone()
  const example = join(folder, 'example')
  await prepareDataFolder(example)
  await fillWithExample(example)
  await cp(example, join(folder, 'served'), { recursive: true })
  appPassword = await newAppPassword(join(folder, 'served'))
  servers = await startServers(1, { DATA_DIR: join(folder, 'served') })
}, 300_000)
afterAll(async () => {
  await stopServers(servers)
  await rm(folder, { recursive: true })
})

/** Copies the working tree. `node_modules` is shared, since nothing here changes it. */
async function copyClone(): Promise<void> {
  await mkdir(clone)
  const files = ['dist/src', 'dist/migrations', 'fixtures', 'src/pages', 'package.json', 'README.md', 'LICENSE']
  for (const file of files) await cp(file, join(clone, file), { recursive: true })
  await symlink(join(process.cwd(), 'node_modules'), join(clone, 'node_modules'))
  await mkdir(join(folder, 'bin'))
  for (const [name, script] of Object.entries(standIns)) {
    await writeFile(join(folder, 'bin', name), `#!/bin/bash\n${script}`)
    await chmod(join(folder, 'bin', name), 0o755)
  }
}

/**
 * Stand in for npm and npx. Scripts of the package are not run within a test, but must exist. `npx` would first link the
 * clone into the cache of the user and build it.
 */
const standIns = {
  npm: `case "$1" in
    ci | prune) ;;
    start | test) grep -q "\\"$1\\": " package.json ;;
    run) grep -q "\\"$2\\": " package.json ;;
    *) exec "${installed('npm')}" "$@" --ignore-scripts --prefer-offline --no-audit --no-fund --silent ;;
  esac`,
  npx: '[ "$1" = connections ] && exec node dist/src/main.js "${@:2}"',
}

test('npx finds the command in the clone', async () => {
  const { version } = JSON.parse(await readFile('package.json', 'utf8')) as { version: string }
  const { stdout } = await promisify(execFile)('npx', ['--no', '--offline', 'connections', '--version'])
  expect(stdout).toBe(`${version}\n`)
}, 60_000)

async function fillWithExample(dataDir: string): Promise<void> {
  const server = run(['serve'], { DATA_DIR: dataDir })
  await started(server)
  server.kill('SIGTERM')
  expect(await server.exit).toBe(0)
}

async function newAppPassword(dataDir: string): Promise<string> {
  const made = run(['account', 'app-password', 'add', 'ann', '--name', 'Docs'], { DATA_DIR: dataDir })
  expect(await made.exit).toBe(0)
  return made.output().trim()
}

const isRunnable = ({ language }: Block) => language === 'sh' || language === 'js'

/** The state of the server that the block, or the paragraph before it, asks for. A program opens the data itself. */
function serverFor({ language, text, before }: Block): string | undefined {
  if (language === 'js') return 'stopped'
  const [, state] = /^# Server: (running|stopped|not needed)\n/.exec(text) ?? []
  return state ?? (/server[^.]*\smust\s+be\s+running/i.test(before) ? 'running' : undefined)
}

const blocks = documents.flatMap(blocksOf)

test('every block has a known language', () => {
  const languages = new Set(blocks.map(({ language }) => language))
  const known = ['sh', 'js', 'text', '', 'xml', 'json', 'ini', 'nginx', 'caddyfile', 'sql', 'ts']
  expect([...languages].filter((language) => !known.includes(language))).toEqual([])
})

test('every shell block states the needed state of the server', () => {
  const silent = blocks.filter((block) => isRunnable(block) && serverFor(block) === undefined)
  expect(silent.map(({ file, line }) => `${file}:${line}`)).toEqual([])
})

test.each(documents.filter((document) => blocksOf(document).some(isRunnable)))(
  'the commands and programs of $file print the block that follows them',
  async (document: Document) => {
    const data = join(clone, 'data')
    await rm(data, { recursive: true, force: true })
    await cp(join(folder, 'example'), data, { recursive: true })
    for (const block of blocksOf(document).filter(isRunnable)) {
      const printed = await (block.language === 'js' ? program(block) : commands(block))
      const place = `${block.file}:${block.line}`
      if (block.printed !== undefined) expect(`${place}\n${plain(printed)}`).toBe(`${place}\n${plain(block.printed)}`)
    }
  },
  600_000,
)

async function commands(block: Block): Promise<string> {
  const base = servers[0]?.base as string
  const isRunning = serverFor(block) === 'running'
  const script = block.text.replaceAll('cnx_…', appPassword).replaceAll(shown, base)
  if (isRunning) expect(script).toContain(base)
  const path = [join(folder, 'bin'), join(folder, 'global', 'bin'), process.env['PATH']].join(delimiter)
  const settings = { DATABASE_URL: '', DATA_DIR: '', npm_config_prefix: join(folder, 'global') }
  const options = { cwd: clone, env: { ...process.env, PATH: path, ...settings }, timeout: 300_000 }
  const { stdout } = await promisify(execFile)('bash', ['-ec', script], options).catch((error: unknown) => {
    throw new Error(`${block.file}:${block.line} fails: ${(error as Error).message}`, { cause: error })
  })
  return stdout.replaceAll(base, shown)
}

/** A program stands in a file inside the clone. */
async function program({ text }: Block): Promise<string> {
  const file = join(clone, `try-${randomUUID()}.mjs`)
  await writeFile(file, text)
  const env = { ...process.env, DATABASE_URL: '' }
  const { stdout, stderr } = await promisify(execFile)('node', [file], { cwd: clone, env })
  expect(stderr).toBe('')
  return stdout
}

/** Replaces ids, times and secrets, since they differ in each run. */
const plain = (text: string) =>
  text
    .replaceAll('\r', '')
    .replaceAll(/[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}/g, 'ID')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
    .replaceAll(/cnx_\w{38}/g, 'cnx_…')
    .replaceAll(/^\d+\.\d+\.\d+$/gm, 'VERSION')

describe('samples for a proxy', () => {
  const sample = (language: string) => blocks.find((block) => block.language === language)?.text ?? ''

  testWith(installed('nginx'), 'nginx accepts the sample', async (nginx) => {
    const [key, certificate, file] = ['nginx.key', 'nginx.pem', 'nginx.conf'].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ]
    const names = ['-subj', '/CN=connections.example', '-keyout', key, '-out', certificate]
    await promisify(execFile)('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '1', ...names])
    const site = sample('nginx')
      .replace(/\S+\.pem/, certificate)
      .replace(/\S+\.key/, key)
    expect(site).toContain(certificate)
    await writeFile(file, `pid ${folder}/nginx.pid;\nevents {}\nhttp {\n${site}}\n`)
    await promisify(execFile)(nginx, ['-t', '-q', '-p', folder, '-c', file, '-e', 'stderr'])
  })

  testWith(installed('caddy'), 'Caddy accepts the sample', async (caddy) => {
    const file = join(folder, 'Caddyfile')
    await writeFile(file, sample('caddyfile'))
    await promisify(execFile)(caddy, ['validate', '--adapter', 'caddyfile', '--config', file])
  })
})

test('the feed in the README equals the feed of the example network', async () => {
  const address = `${servers[0]?.base}/profiles/atom/connections.do?connectionType=colleague&userid=ann`
  const feed = (await (await fetch(address)).text()).replaceAll(/>\s*</g, '><')
  const sample = blocks.find(({ file, language }) => file === 'README.md' && language === 'xml')?.text ?? ''
  const lines = sample.split('\n').map((line) => line.trim())
  const parts = lines.flatMap((line) => line.split('…')).filter((part) => part !== '' && part !== '>')
  expect(parts.length).toBeGreaterThan(10)
  expect(parts.filter((part) => !feed.includes(part))).toEqual([])
})

test('the greeting in the README equals the output of the server', async () => {
  const readme = await readFile('README.md', 'utf8')
  const greeting = servers[0]
    ?.output()
    .replaceAll(servers[0].base, shown)
    .replace(process.cwd(), '/home/you/connections')
  expect(readme).toContain(`\`\`\`text\n${greeting}\`\`\``)
})
