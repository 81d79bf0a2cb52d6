import { readFile } from 'node:fs/promises'
import { allParts, generatedIn, partsOf, regenerated } from './generated.js'

test.each(generatedIn)('%s equals the output of `npm run docs`', async (file) => {
  const text = await readFile(file, 'utf8')
  expect(text).toBe(await regenerated(file, text))
})

test('every generated part is in exactly one document', async () => {
  const texts = await Promise.all(generatedIn.map((file) => readFile(file, 'utf8')))
  expect(texts.flatMap(partsOf).toSorted()).toEqual([...allParts].toSorted())
})
