import { setTimeout as wait } from 'node:timers/promises'
import { type Kysely, type Migration, type MigrationResult, Migrator, NO_MIGRATIONS, sql } from 'kysely'
import { migrations, type Step } from '../../migrations/index.js'
import { Failure } from '../errors.js'

/**
 * Migrates the schema to the newest step, or reverts every step with `to: 'nothing'`. Safe to call from many processes
 * at once: Kysely's lock admits one at a time. `newest` leaves a newer schema unchanged.
 *
 * @returns the steps that ran, in order
 * @throws Failure `invalid` if no schema in the search path exists, if this release cannot work with a newer schema, or
 *   if the recorded steps differ from those of this release; the error of a failed step, after its rollback
 */
export async function migrate<Tables>(
  db: Kysely<Tables>,
  to: 'newest' | 'nothing' = 'newest',
): Promise<MigrationResult[]> {
  // Without the name of the schema, Kysely would mistake tables of another schema for ours.
  const { rows } = await sql<{ schema: string | null }>`select current_schema() as schema`.execute(db)
  const migrationTableSchema = rows[0]?.schema
  if (!migrationTableSchema)
    throw new Failure('invalid', 'No schema in the search_path of the database exists; create one.')
  for (let attempt = 1; ; attempt++) {
    const steps = { ...marked, ...(await newerSteps(db)) }
    const provider = { getMigrations: () => Promise.resolve(steps) }
    const migrator = new Migrator({ db, provider, migrationTableSchema })
    const { error, results = [] } = await (to === 'newest'
      ? migrator.migrateToLatest()
      : migrator.migrateTo(NO_MIGRATIONS))
    if (error === undefined) return results
    const isRetryable = isOtherSchemaError(error) || isOrderError(error)
    if (results.length > 0 || attempt === maxAttempts || !isRetryable) {
      throw isOrderError(error) ? new Failure('invalid', unknownSteps, { cause: error }) : (error as Error)
    }
    await wait(Math.random() * 20 * attempt)
  }
}

const maxAttempts = 10

/** The step that creates `schema_step` and marks the steps before it. */
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

/**
 * The steps of this release. From `firstMarked` on, each step records itself in `schema_step` in its own transaction.
 */
const marked: Record<string, Migration> = Object.fromEntries(
  Object.entries(migrations).map(([name, step]) => [name, name < firstMarked ? step : withMark(name, step)]),
)

/**
 * Finds the steps of newer releases in the schema.
 *
 * @returns placeholders that satisfy Kysely, but refuse to run
 * @throws Failure `invalid` if a step is not marked as compatible with this release
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
  const incompatible = newer.find(({ isMarked, oldest }) => !isMarked || (oldest !== null && oldest > newest))
  if (incompatible) {
    throw new Failure(
      'invalid',
      `The database has the schema of a newer release (step ${incompatible.name}), which this release cannot use. ` +
        'Use the newer release, or restore a backup from before the upgrade.',
    )
  }
  return Object.fromEntries(newer.map(({ name }) => [name, { up: refuse, down: refuse }]))
}

interface Mark {
  name: string
  isMarked: boolean
  oldest: string | null
}

const unknownSteps =
  'The migrations of the database differ from those of this release. ' +
  'Use the release that created it, or restore a backup.'

const refuse = (): Promise<never> => Promise.reject(new Failure('invalid', unknownSteps))

/**
 * Whether Kysely found recorded steps that differ from the given ones. A server of a newer release may just have added
 * one.
 */
const isOrderError = (error: unknown): boolean =>
  error instanceof Error && error.message.startsWith('corrupted migrations')

/**
 * Whether an error may mean that a table or a schema was dropped during the migration. Before the first step, Kysely
 * inspects all tables of the database, including those of other schemas.
 */
function isOtherSchemaError(error: unknown): boolean {
  const { code } = error as { code?: unknown }
  return code === '42P01' || code === '42703' || code === '3F000' || code === 'XX000'
}
