import { open } from '../../src/index.js'

/**
 * A process that opens the module and reads a link several times at once; prints how often it got through.
 * Arguments: the database's address, a secret for tokens, the token, and how often.
 */
const [databaseUrl = '', secret = '', token = '', times = ''] = process.argv.slice(2)
const app = await open({ databaseUrl, tokenSecret: Buffer.from(secret) })
const reads = Array.from({ length: Number(times) }, () => app.connectionsFor({ accountId: null }).read(token))
const outcomes = await Promise.allSettled(reads)
const failed = outcomes.flatMap((each) => (each.status === 'rejected' ? [(each.reason as Error).message] : []))
process.stdout.write(JSON.stringify({ read: outcomes.length - failed.length, why: [...new Set(failed)] }))
await app.close()
