import { setTimeout as wait } from 'node:timers/promises'
import { type Kysely, type Migration, type MigrationResult, Migrator, NO_MIGRATIONS, sql } from 'kysely'
import { migrations, type Step } from '../../migrations/index.js'
import { Failure } from '../errors.js'

/**
 * Brings the schema to the newest step, or with `to: 'nothing'` takes every step back. Any number of processes may
 * call this at once: Kysely's lock lets one work and the others find it done. A schema that is newer is left as it is.
 *
 * @returns what was run, in order; empty where nothing was to do
 * @throws Failure `invalid` where there is no schema to make it in, or a newer one that this release cannot work with;
 *   the error of the step that failed, which left nothing behind
 */
export async function migrate<Tables>(
  db: Kysely<Tables>,
  to: 'newest' | 'nothing' = 'newest',
): Promise<MigrationResult[]> {
  // Named, because Kysely would else take the tables of a neighbouring schema for ours.
  const { rows } = await sql<{ schema: string | null }>`select current_schema() as schema`.execute(db)
  const migrationTableSchema = rows[0]?.schema
  if (!migrationTableSchema) throw new Failure('invalid', 'The database has no schema that the search_path names.')
  for (let tries = 1; ; tries++) {
    const steps = { ...marked, ...(await newerSteps(db)) }
    const provider = { getMigrations: () => Promise.resolve(steps) }
    const migrator = new Migrator({ db, provider, migrationTableSchema })
    const { error, results = [] } = await (to === 'newest'
      ? migrator.migrateToLatest()
      : migrator.migrateTo(NO_MIGRATIONS))
    if (error === undefined) return results
    if (results.length > 0 || tries === maxTries || !(isOfNeighbour(error) || isOfOrder(error))) {
      throw isOfOrder(error) ? new Failure('invalid', otherSteps, { cause: error }) : (error as Error)
    }
    await wait(Math.random() * 20 * tries)
  }
}

const maxTries = 10

/** The step that makes the table of marks, and marks those before it. */
const firstMarked = '0015-marks'

const withMark = (name: string, step: Step): Migration => ({
  up: async (db) => {
    await step.up(db)
    await sql`insert into schema_step (name, oldest) values (${name}, ${step.oldest ?? null})`.execute(db)
  },
  down: async (db) => {
    await sql`delete from schema_step where name = ${name}`.execute(db)
    await step.down?.(db)
  },
})

/** The steps, each of which leaves its mark in its own transaction. */
const marked: Record<string, Migration> = Object.fromEntries(
  Object.entries(migrations).map(([name, step]) => [name, name < firstMarked ? step : withMark(name, step)]),
)

/**
 * The steps of newer releases that the schema has, as steps of ours that can be neither done nor undone.
 *
 * @throws Failure `invalid` where one does not say that this release can work with it
 */
export async function newerSteps<Tables>(db: Kysely<Tables>): Promise<Record<string, Migration>> {
  const { rows: tables } = await sql<{ steps: string | null; marks: string | null }>`
    select to_regclass(quote_ident(current_schema()) || '.kysely_migration')::text as steps,
      to_regclass(quote_ident(current_schema()) || '.schema_step')::text as marks`.execute(db)
  if (!tables[0]?.steps) return {}
  const { rows } = await (
    tables[0].marks
      ? sql<Mark>`
        select name, schema_step.name is not null as "isMarked", oldest
        from kysely_migration left join schema_step using (name)`
      : sql<Mark>`select name, false as "isMarked", null as oldest from kysely_migration`
  ).execute(db)
  const newer = rows.filter(({ name }) => !(name in migrations))
  const newest = Object.keys(migrations).sort().at(-1) as string
  const unfit = newer.find(({ isMarked, oldest }) => !isMarked || (oldest !== null && oldest > newest))
  if (unfit) {
    throw new Failure(
      'invalid',
      `The database has the schema of a newer release (step ${unfit.name}), with which this one cannot work. ` +
        'Use that release, or restore a backup that was made before it.',
    )
  }
  return Object.fromEntries(newer.map(({ name }) => [name, { up: refuse, down: refuse }]))
}

interface Mark {
  name: string
  isMarked: boolean
  oldest: string | null
}

const otherSteps =
  'The database has other steps than this release, or in another order. Use the release that made them, or restore a backup.'

const refuse = (): Promise<never> => Promise.reject(new Failure('invalid', otherSteps))

/** Whether Kysely does not find its own steps; a neighbour of a newer release may have added one just now. */
const isOfOrder = (error: unknown): boolean =>
  error instanceof Error && error.message.startsWith('corrupted migrations')

/**
 * Whether an error says that a table or a schema went away. Kysely looks through all tables of the database before its first step,
 * so one of a neighbouring schema that is dropped just then disturbs it.
 */
function isOfNeighbour(error: unknown): boolean {
  const { code } = error as { code?: unknown }
  return code === '42P01' || code === '42703' || code === '3F000' || code === 'XX000'
}
