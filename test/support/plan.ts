import { type CompiledQuery, createQueryId, type Kysely, type RootOperationNode, sql } from 'kysely'
import type { Tables } from '../../src/db/tables.js'

/** A step of the plan that the database makes for a statement. */
export interface Node {
  'Node Type': string
  'Index Name'?: string
  'Relation Name'?: string
  'Index Cond'?: string
  Plans?: Node[]
}

/** All steps of the plan for a statement, made without its values, as for statements with a name. */
export async function planOf(
  db: Kysely<Tables>,
  { sql: text, parameters }: Pick<CompiledQuery, 'sql' | 'parameters'>,
): Promise<Node[]> {
  if (!db.isTransaction)
    return db.transaction().execute((transaction) => planOf(transaction, { sql: text, parameters }))
  const values = parameters.length === 0 ? '' : `(${parameters.map(() => 'null').join()})`
  const walk = (node: Node): Node[] => [node, ...(node.Plans ?? []).flatMap(walk)]
  await sql`set local plan_cache_mode = force_generic_plan`.execute(db)
  await part(`prepare planned as ${text}`).execute(db)
  const explained = part<{ 'QUERY PLAN': { Plan: Node }[] }>(`explain (format json) execute planned${values}`)
  const { rows } = await explained.execute(db)
  await sql`deallocate planned`.execute(db)
  return walk(rows[0]?.['QUERY PLAN'][0]?.Plan as Node)
}

/** A text that our own code made. */
const part = <Row>(text: string) => sql<Row>([text] as unknown as TemplateStringsArray)

/** The statements that a piece of work sends. */
export async function statementsOf(
  db: Kysely<Tables>,
  work: (db: Kysely<Tables>) => Promise<unknown>,
): Promise<CompiledQuery[]> {
  const nodes: RootOperationNode[] = []
  await work(
    db.withPlugin({
      transformQuery: ({ node }) => {
        nodes.push(node)
        return node
      },
      transformResult: ({ result }) => Promise.resolve(result),
    }),
  )
  return nodes.map((node) => db.getExecutor().compileQuery(node, createQueryId()))
}
