import { readFile } from 'node:fs/promises'
import { allParts, generatedIn, partsOf, regenerated } from './generated.js'

test.each(generatedIn)('%s is as `npm run docs` writes it', async (file) => {
  const text = await readFile(file, 'utf8')
  expect(text).toBe(await regenerated(file, text))
})

test('every generated part is in one document', async () => {
  const texts = await Promise.all(generatedIn.map((file) => readFile(file, 'utf8')))
  expect(texts.flatMap(partsOf).toSorted()).toEqual([...allParts].toSorted())
})
