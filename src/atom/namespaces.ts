import type { Refuse } from './references.js'

/** Which namespace each prefix means at some place of a document; the prefix '' is that of names without one. */
export type Scope = ReadonlyMap<string, string>

const XML = 'http://www.w3.org/XML/1998/namespace'
const XMLNS = 'http://www.w3.org/2000/xmlns/'

export const outermost: Scope = new Map([
  ['', ''],
  ['xml', XML],
])

export const isDeclaration = (attribute: string): boolean => /^xmlns(:|$)/.test(attribute)

/** The scope inside an element with these attributes. Refuses what Namespaces in XML 1.0, section 3, forbids to bind. */
export function within(scope: Scope, attributes: ReadonlyMap<string, string>, refuse: Refuse): Scope {
  const declarations = [...attributes].filter(([name]) => isDeclaration(name))
  if (declarations.length === 0) return scope
  const inner = new Map(scope)
  for (const [name, namespace] of declarations) {
    const prefix = name.slice('xmlns:'.length)
    const reserved = prefix === 'xmlns' || namespace === XMLNS || (prefix === 'xml') !== (namespace === XML)
    if (reserved || (prefix !== '' && namespace === '')) refuse(`${name} may not be "${namespace}"`)
    inner.set(prefix, namespace)
  }
  return inner
}

/** Splits an element's name into its namespace ('' for none) and local name. Refuses a prefix that is not bound. */
export function resolve(name: string, scope: Scope, refuse: Refuse): { namespace: string; local: string } {
  const [, prefix = '', local = ''] = /^(?:(.*):)?(.*)$/.exec(name) ?? []
  const namespace = scope.get(prefix) ?? refuse(`the prefix of "${name}" is not bound to a namespace`)
  return { namespace, local }
}
