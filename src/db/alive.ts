import { type Kysely, sql } from 'kysely'
import type { Tables } from './tables.js'

/** Whether the database answers within so many milliseconds. */
export async function isAlive(db: Kysely<Tables>, milliseconds: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const tooLate = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), milliseconds)
  })
  const inTime = sql`select 1`.execute(db).then(
    () => true,
    () => false,
  )
  return Promise.race([inTime, tooLate]).finally(() => clearTimeout(timer))
}
