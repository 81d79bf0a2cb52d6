import { readFile, writeFile } from 'node:fs/promises'
import { generatedIn, regenerated } from './generated.js'

/** Updates the generated parts of the documents. */
for (const file of generatedIn) await writeFile(file, await regenerated(file, await readFile(file, 'utf8')))
