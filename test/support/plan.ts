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

/** All steps of the plan for a statement with these very values. */
export async function planOf(db: Kysely<Tables>, { sql: text, parameters }: CompiledQuery): Promise<Node[]> {
  const pieces = text.split(/\$\d+/)
  const places = [...text.matchAll(/\$(\d+)/g)].map(([, number]) => Number(number) - 1)
  const statement = sql.join(
    pieces.flatMap((piece, index) =>
      index === 0 ? [part(piece)] : [sql`${parameters[places[index - 1] as number]}`, part(piece)],
    ),
    part(''),
  )
  const { rows } = await sql<{ 'QUERY PLAN': { Plan: Node }[] }>`explain (format json) ${statement}`.execute(db)
  const walk = (node: Node): Node[] => [node, ...(node.Plans ?? []).flatMap(walk)]
  return walk(rows[0]?.['QUERY PLAN'][0]?.Plan as Node)
}

/** A piece of a statement that our own code compiled. */
const part = (text: string) => sql([text] as unknown as TemplateStringsArray)

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
