import { readFile, writeFile } from 'node:fs/promises'
import { generatedIn, regenerated } from './generated.js'

/** Writes the generated parts of the documents anew. */
for (const file of generatedIn) await writeFile(file, await regenerated(file, await readFile(file, 'utf8')))
