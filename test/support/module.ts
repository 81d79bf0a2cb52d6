import { randomBytes } from 'node:crypto'
import { v7 as newId } from 'uuid'
import { type Connection, type Connections, Fault, type ObjectDefinition, type Privileges } from '../../src/index.js'
import type { Account } from '../../src/people/account.js'
import { appIn, createModuleContext } from '../../src/sharing/app.js'
import { keysOf } from '../../src/sharing/grant.js'
import type { TestDatabase } from './database.js'
import { addPerson } from './world.js'

export interface Document {
  readonly _id: string
  readonly owner: string
  readonly title: string
  readonly body: string
  readonly notes: string
  readonly scan: string
  readonly [property: string]: unknown
}

/** The module on a test database, with an object type of an application. */
export async function openModule(
  { db }: TestDatabase,
  more: Partial<ObjectDefinition<Document>> = {},
  secrets: readonly [Uint8Array, ...Uint8Array[]] = [randomBytes(32)],
) {
  const world = await createModuleContext(db, {
    tokenKeys: keysOf(secrets),
    appKey: 'connections',
    baseUrl: 'https://connections.example',
  })
  const app = appIn(world)
  const documents = new Map<string, Document>()
  app.defineObject<Document>({
    name: 'document',
    plural: 'documents',
    load: (ids) => Promise.resolve(ids.flatMap((id) => documents.get(id) ?? [])),
    owner: ({ owner }) => owner,
    properties: {
      title: 'public',
      body: 'read',
      notes: { access: 'update', roles: ['editor'] },
      scan: { access: 'read', optional: true },
    },
    shareChain: ['update', 'share', 'read', 'connected'],
    ...more,
  })
  await app.defineRole('editor')
  await app.defineRole('reviewer')
  return {
    ...app,
    world,
    /** Adds a document. Returns its id. */
    addDocument(owner: string, _id: string = newId()): string {
      documents.set(_id, { _id, owner, title: 'Plan', body: 'We meet.', notes: 'Not yet.', scan: 'PNG' })
      return _id
    },
    dropDocument: (id: string) => void documents.delete(id),
    /** A new person, and the module for that person. */
    async person(name: string, privileges: Privileges = {}): Promise<Person> {
      const id = await addPerson(db, name)
      return { id, email: `${name}@example.com`, calls: app.connectionsFor({ ...privileges, accountId: id }) }
    },
    nobody: app.connectionsFor({ accountId: null }),
  }
}

export interface Person {
  readonly id: Account['id']
  readonly email: string
  readonly calls: Connections
}

/** The fault of a rejected call: its name without `cortex.`, and its path, if any. */
export async function faultOf(call: Promise<unknown>): Promise<string> {
  try {
    await call
  } catch (error) {
    if (error instanceof Fault) return nameOf(error)
    throw error
  }
  return 'none'
}

export const nameOf = ({ errCode, path }: Fault) => `${errCode.replace('cortex.', '')}${path ? ` ${path}` : ''}`

/** The only connection in the result of `create`. */
export function made(result: readonly (Connection | Fault)[]): Connection {
  const [only] = result
  if (result.length === 1 && only && !(only instanceof Fault)) return only
  throw new Error(`Not one connection: ${JSON.stringify(result)}`)
}
