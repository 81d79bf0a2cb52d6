import { type Kysely, sql } from 'kysely'

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table account add column sort text collate "C", add column words tsvector`.execute(db)
  await fill(db)
  await sql`alter table account alter column sort set not null, alter column words set not null`.execute(db)
  await sql`create index account_sort on account (sort, id)`.execute(db)
  // Names are searched far more often than changed. With fastupdate, each search would also scan a pending list.
  await sql`create index account_words on account using gin (words) with (fastupdate = off)`.execute(db)
  // `managerLogin` may be too long for an index, so it is cut to 257 characters. A login has at most 256 characters, so
  // a value that was cut matches no login.
  await sql`
    create index account_manager on account ((left(profile ->> 'managerLogin', 257)) collate "C", sort, id)`.execute(db)
  await sql`
    create table photo (
      account_id uuid primary key references account on delete cascade,
      type text not null,
      bytes bytea not null check (octet_length(bytes) <= 1048576),
      updated_at timestamptz(3) not null
    )`.execute(db)
}

export async function down(db: Kysely<unknown>): Promise<void> {
  await sql`drop table photo`.execute(db)
  await sql`drop index account_manager`.execute(db)
  await sql`alter table account drop column sort, drop column words`.execute(db)
}

const batch = 1000

/** Fills the new columns of existing accounts, in batches by id. */
async function fill(db: Kysely<unknown>): Promise<void> {
  let last: string | null = null
  for (;;) {
    const { rows }: { rows: { id: string; name: string }[] } = await sql<{ id: string; name: string }>`
      select id, name from account where ${last}::uuid is null or id > ${last}::uuid
      order by id limit ${batch}`.execute(db)
    if (rows.length === 0) return
    const filled = JSON.stringify(rows.map(({ id, name }) => ({ id, ...columns(name) })))
    await sql`
      update account set sort = filled.sort, words = filled.words
      from jsonb_to_recordset(${filled}::text::jsonb) as filled (id uuid, sort text, words tsvector)
      where account.id = filled.id`.execute(db)
    last = rows.at(-1)?.id as string
  }
}

/** A copy of `nameColumns` (`src/people/names.ts`) as of this migration. A later change there needs a migration. */
function columns(name: string): { sort: string; words: string } {
  const folded = name
    .normalize('NFKD')
    .replaceAll(/[\u0300-\u036f]/g, '')
    .toUpperCase()
    .toLowerCase()
  const short = (text: string) => Array.from(text).slice(0, 64).join('')
  const filled = (texts: string[]) => texts.filter((text) => text !== '')
  const runs = filled(folded.replaceAll('ς', 'σ').split(/[\s\p{Z}\p{Cc}]+/u))
  const words = new Set(runs.flatMap((run) => [run, ...filled(run.split(/[\p{P}\p{S}]+/u))]).map(short))
  const quoted = (word: string) => `'${word.replaceAll(/['\\]/g, '$&$&')}'`
  return { sort: short(folded.normalize('NFKC')), words: [...words].map(quoted).join(' ') }
}
