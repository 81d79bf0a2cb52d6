import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { photoCommand } from '../../src/cli/accounts.js'
import { changePhoto } from '../../src/connections/photo.js'
import { maxPhotoBytes, readPhoto } from '../../src/people/photo-store.js'
import { freshDatabase, type TestDatabase } from '../support/database.js'
import { addPerson } from '../support/world.js'
import { type Folder, temporaryFolder } from '../transfer/files.js'

let database: TestDatabase
let folder: Folder
let ann: string
beforeAll(async () => {
  database = await freshDatabase()
  folder = await temporaryFolder()
  ann = await addPerson(database.db, 'ann', { name: 'Ann Lee' })
})
afterAll(async () => {
  await database.close()
  await folder.remove()
})
beforeEach(() => changePhoto(database.db, ann, null))

async function run(userId: string, file?: string, remove = false): Promise<string> {
  const terminal = { input: new PassThrough(), output: new PassThrough(), errors: new PassThrough() }
  await photoCommand(terminal, database.db, userId, file, remove)
  terminal.output.end()
  return text(terminal.output)
}
const kept = async () => {
  const photo = await readPhoto(database.db, ann)
  return photo && { type: photo.type, bytes: Buffer.from(photo.bytes).toString('latin1') }
}
const file = (content: string) => folder.write('picture', Buffer.from(content, 'latin1'))

test.each([
  ['image/png', '\x89PNG\r\n\x1a\n\0\xff'],
  ['image/jpeg', '\xff\xd8\xff\xe0\0'],
  ['image/gif', 'GIF87a\0'],
  ['image/gif', 'GIF89a\0'],
  ['image/webp', 'RIFF\n\0\0\0WEBPVP8 '],
])('the type of a picture comes from its content: %s', async (type, bytes) => {
  expect(await run('ann', await file(bytes))).toBe(`Ann Lee now has a picture (${type}).\n`)
  expect(await kept()).toEqual({ type, bytes })
})

test('a picture replaces the former one and can be removed', async () => {
  await run('ann', await file('GIF89a one'))
  await run('ann', await file('GIF89a two'))
  expect(await kept()).toEqual({ type: 'image/gif', bytes: 'GIF89a two' })
  expect(await run('ann', undefined, true)).toBe('Ann Lee no longer has a picture.\n')
  expect(await kept()).toBeUndefined()
  expect(await run('ann', undefined, true)).toBe('Ann Lee had no picture.\n')
})

test.each(['', 'GIF88a', '<svg xmlns="http://www.w3.org/2000/svg"/>', 'RIFF\0\0\0\0WAVE', '\x89PNG', 'x\xff\xd8\xff'])(
  '%j is not a picture',
  async (bytes) => {
    const path = await file(bytes)
    const refusal = { code: 'invalid', message: `${path} is not a PNG, JPEG, GIF or WebP image.` }
    await expect(run('ann', path)).rejects.toMatchObject(refusal)
    expect(await kept()).toBeUndefined()
  },
)

test('a picture may have 1 MiB and no byte more', async () => {
  const most = 'GIF89a'.padEnd(maxPhotoBytes, '\0')
  await run('ann', await file(most))
  expect((await kept())?.bytes).toBe(most)
  await expect(run('ann', await file(`${most}\0`))).rejects.toMatchObject({ code: 'invalid' })
  expect((await kept())?.bytes).toBe(most)
})

test('account photo refuses invalid arguments', async () => {
  const picture = await file('GIF89a')
  await expect(run('nobody', picture)).rejects.toMatchObject({ code: 'notFound' })
  await expect(run('ann', `${picture}.none`)).rejects.toThrow('there is no such file')
  await expect(run('ann', folder.path)).rejects.toMatchObject({ code: 'invalid' })
  await expect(run('ann')).rejects.toThrow('Give either a picture file or --remove.')
  await expect(run('ann', picture, true)).rejects.toThrow('Give either a picture file or --remove.')
  expect(await kept()).toBeUndefined()
})
