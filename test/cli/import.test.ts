import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { exportCommand, importCommand } from '../../src/cli/transfer.js'
import { importFixture } from '../support/import-fixture.js'
import { account, jsonLines } from '../transfer/files.js'

const { database, folder } = importFixture()

const cast = 'fixtures/cast.jsonl'

function terminal(isTTY: boolean) {
  const stream = () => Object.assign(new PassThrough(), { isTTY })
  const [input, output, errors] = [stream(), stream(), stream()]
  // One read gives one chunk on some versions of Node and all of them on others.
  const written = (stream: PassThrough) => {
    let text = ''
    for (let chunk = stream.read() as Buffer | null; chunk !== null; chunk = stream.read() as Buffer | null) {
      text += chunk.toString()
    }
    return text
  }
  return { input, output, errors, said: () => written(output), shown: () => written(errors) }
}

test('import reports two lines and shows no progress bar in a pipe', async () => {
  const pipe = terminal(false)
  await importCommand(pipe, database.db, [cast])
  expect(pipe.said()).toBe(
    'People: 13 added, 0 changed, 0 unchanged.\nConnections: 20 added, 0 changed, 0 unchanged.\n',
  )
  expect(pipe.shown()).toBe('')
})

test('import reports every name that moved to another person', async () => {
  const people = terminal(false)
  const [ann, bo] = ['368771b6-89d1-438b-9d38-21bcec5a64af', '468771b6-89d1-438b-9d38-21bcec5a64af']
  const before = jsonLines(account('ann', { key: ann }), account('bo', { key: bo, login: 'b' }))
  await importCommand(terminal(false), database.db, [await folder.write('a.jsonl', before)])
  const after = jsonLines(account('bo', { key: ann, email: 'bo@example.com', login: 'b' }, 2))
  await importCommand(people, database.db, [await folder.write('a.jsonl', after)])
  expect(people.said()).toBe(
    'People: 0 added, 2 changed, 0 unchanged.\nConnections: 0 added, 0 changed, 0 unchanged.\n' +
      `The user id bo moved from BO (${bo}) to BO (bo). The account of BO (${bo}) is disabled; ` +
      'its sessions and app passwords have ended.\n' +
      `The address bo@example.com moved from BO (${bo}) to BO (bo).\n` +
      `The login b moved from BO (${bo}) to BO (bo).\n`,
  )
})

test('import shows a progress bar at a terminal', async () => {
  const window = terminal(true)
  await importCommand(window, database.db, [cast])
  expect(window.shown()).toMatch(/Importing .* 0 %/)
  expect(window.said()).toMatch(/^People: 13 added/)
})

test('import names a missing file and imports nothing', async () => {
  const pipe = terminal(false)
  const gone = join(folder.path, 'gone.jsonl')
  await expect(importCommand(pipe, database.db, [cast, gone])).rejects.toMatchObject({
    name: 'Failure',
    message: `${gone}: there is no such file.`,
  })
  expect(pipe.said()).toBe('')
})

test('export replaces a file with one that only its owner can read', async () => {
  await importCommand(terminal(false), database.db, [cast])
  const file = await folder.write('export.jsonl', 'older')
  await expect(exportCommand(terminal(false), database.db, file)).rejects.toMatchObject({
    name: 'Failure',
    message: `${file} already exists; --force overwrites it.`,
  })
  expect(await readFile(file, 'utf8')).toBe('older')
  const pipe = terminal(false)
  await exportCommand(pipe, database.db, file, true)
  expect(pipe.said()).toBe('People: 13 written.\nConnections: 20 written.\n')
  expect(await readFile(file, 'utf8')).toBe(await readFile(cast, 'utf8'))
  expect((await stat(file)).mode & 0o777).toBe(0o600)
  expect((await readdir(folder.path)).filter((name) => name.startsWith('export'))).toEqual(['export.jsonl'])
})

test.each([
  ['yes', true],
  ['Y', true],
  ['', false],
  ['no', false],
])('export asks at a terminal before overwriting a file: %j', async (answer, isWritten) => {
  const file = await folder.write('export.jsonl', 'older')
  const window = terminal(true)
  window.errors.once('data', () => setImmediate(() => window.input.write(`${answer}\r`)))
  const writing = exportCommand(window, database.db, file)
  if (isWritten) await writing
  else await expect(writing).rejects.toMatchObject({ name: 'Failure', message: `${file} was not changed.` })
  expect((await readFile(file, 'utf8')) === 'older').toBe(!isWritten)
})

test.each(['/dev/null', '.'])('export never replaces a device or folder: %s', async (place) => {
  const before = await stat(place)
  await expect(exportCommand(terminal(false), database.db, place, true)).rejects.toMatchObject({
    name: 'Failure',
    message: `${place} is not a file; - writes to standard output.`,
  })
  expect((await stat(place)).ino).toBe(before.ino)
})

test('export to - writes to the output', async () => {
  await importCommand(terminal(false), database.db, [await folder.write('one.jsonl', jsonLines(account('ann')))])
  const pipe = terminal(false)
  await exportCommand(pipe, database.db, '-')
  expect(pipe.said().split('\n')).toHaveLength(3)
  expect(pipe.output.writable).toBe(true)
})

test('export names a file that it cannot write', async () => {
  const file = join(folder.path, 'no', 'export.jsonl')
  await expect(exportCommand(terminal(false), database.db, file)).rejects.toMatchObject({
    name: 'Failure',
    message: expect.stringContaining(`${file} cannot be written: ENOENT`),
  })
})
