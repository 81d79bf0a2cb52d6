import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize, relative } from 'node:path'

/** From top to bottom. A room imports from itself and from rooms below it. */
const floors = [
  ['main', 'index'],
  ['cli'],
  ['server'],
  ['http'],
  ['transfer', 'mail'],
  ['sharing'],
  ['atom', 'pages'],
  ['identity'],
  ['connections'],
  ['people'],
  ['db'],
  ['migrations'],
  ['context', 'config'],
  ['config-names', 'config-values'],
  ['errors', 'faults', 'formats'],
]

/** The rooms that may import a library. All rooms may import an unlisted one. */
const rooms: Record<string, string[]> = {
  express: ['http', 'identity'],
  passport: ['identity'],
  'passport-http': ['identity'],
  'express-session': ['identity'],
  cors: ['http'],
  '@node-rs/argon2': ['identity'],
  xmlbuilder2: ['atom'],
  'fast-xml-parser': ['atom'],
  pg: ['db'],
  'damerau-levenshtein': ['config-names'],
  '@electric-sql/pglite': ['db'],
  negotiator: ['http'],
  'raw-body': ['http'],
  commander: ['cli'],
  'pino-pretty': ['main'],
  'ipaddr.js': ['identity'],
  zod: ['config', 'config-values', 'server', 'transfer', 'http', 'sharing'],
  'lru-cache': ['identity', 'connections', 'http'],
  'sanitize-html': ['connections'],
  parse5: ['connections'],
  'p-limit': ['identity', 'db', 'http'],
  read: ['cli'],
  'cli-progress': ['cli'],
  nodemailer: ['mail'],
  'd3-force': ['pages'],
  preact: ['pages'],
  'preact-render-to-string': ['pages'],
}

interface Line {
  file: string
  room: string
  from: string
  isType: boolean
}

const files = ['src', 'migrations'].flatMap((top) =>
  readdirSync(top, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => join(top, name)),
)

const roomOf = (path: string): string => {
  const [top = '', next = '', ...rest] = relative('.', path).split(/[\\/]/)
  return top === 'migrations' ? top : rest.length > 0 ? next : next.replace(/\.tsx?$/, '')
}

const imports: Line[] = files.flatMap((file) =>
  [...readFileSync(file, 'utf8').matchAll(/^(?:import|export) (type )?(?:[^'"]*? from )?'([^']+)'/gms)].map(
    (match) => ({
      file,
      room: roomOf(file),
      from: match[2] as string,
      isType: match[1] !== undefined,
    }),
  ),
)

const floorOf = (room: string) => floors.findIndex((floor) => floor.includes(room))

test('every room has a floor', () => {
  expect(files.map(roomOf).filter((room) => floorOf(room) === -1)).toEqual([])
})

test('imports point to lower floors only', () => {
  const upward = imports
    .filter(({ from }) => from.startsWith('.'))
    .map((line) => ({ ...line, to: roomOf(normalize(join(dirname(line.file), line.from)).replace(/\.js$/, '.ts')) }))
    .filter(({ room, to }) => room !== to && floorOf(to) <= floorOf(room))
  // The context is made of the types of its parts.
  const breaches = upward.filter(({ room, isType }) => !(room === 'context' && isType))
  expect(breaches.map(({ file, from }) => `${file} imports ${from}`)).toEqual([])
})

test('each library is imported by its own rooms only', () => {
  const breaches = imports.filter(({ room, from }) => {
    const library = from.split('/', from.startsWith('@') ? 2 : 1).join('/')
    return rooms[library] !== undefined && !rooms[library].includes(room)
  })
  expect(breaches.map(({ file, from }) => `${file} imports ${from}`)).toEqual([])
})

test('only the app and the session adapter import Express, values or types', () => {
  const users = imports.filter(({ from }) => from === 'express').map(({ file }) => file)
  expect(users.toSorted()).toEqual(['src/http/app.ts', 'src/identity/session.ts'])
})

test('only stores and migrations hold SQL statements', () => {
  const mayHold = /(^src\/db\/|(store|statements)\.ts$|^migrations\/)/
  const breaches = files.filter(
    (file) =>
      !mayHold.test(file) &&
      /\bsql[`<]|\.(selectFrom|insertInto|updateTable|deleteFrom)\(/.test(readFileSync(file, 'utf8')),
  )
  expect(breaches).toEqual([])
})

test('the HTTP, page and mail layers import no store of the domain (Z1)', () => {
  const doors = ['server', 'http', 'pages', 'mail']
  const breaches = imports.filter(
    ({ file, room, from, isType }) =>
      // A store may build a statement on the columns of another.
      doors.includes(room) &&
      !isType &&
      !/store\.ts$/.test(file) &&
      /\/(connections|sharing)\/[\w/-]*(store|statements)\.js$/.test(from),
  )
  expect(breaches.map(({ file, from }) => `${file} imports ${from}`)).toEqual([])
})

test('the domain refuses by name, and only the APIs create faults with a status', () => {
  const makers = files.filter((file) => /\bnew Fault\(/.test(readFileSync(file, 'utf8')))
  expect(makers.filter((file) => file !== 'src/sharing/api.ts' && !file.startsWith('src/http/'))).toEqual([])
  expect(makers).toContain('src/sharing/api.ts')
})

test('only main uses the process', () => {
  const breaches = files.filter(
    (file) =>
      file !== 'src/main.ts' && /\bprocess\.\w+[.(]|\bprocess\.(env|argv|std\w+)/.test(readFileSync(file, 'utf8')),
  )
  expect(breaches).toEqual([])
})

test('every log is created with redaction of errors (L1)', () => {
  const makers = files.filter((file) => /\bpino\(/.test(readFileSync(file, 'utf8')))
  expect(makers.length).toBeGreaterThan(0)
  expect(makers.filter((file) => !readFileSync(file, 'utf8').includes('redactedLog('))).toEqual([])
})
