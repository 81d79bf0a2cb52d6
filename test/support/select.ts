import type { Element } from './xml.js'

const namespaces: Record<string, string> = {
  a: 'http://www.w3.org/2005/Atom',
  h: 'http://www.w3.org/1999/xhtml',
  opensearch: 'http://a9.com/-/spec/opensearch/1.1/',
  snx: 'http://www.ibm.com/xmlns/prod/sn',
}

const step = /\/(\w+):([\w-]+)(?:\[@([\w:]+)='([^']*)'\])?/g

/**
 * Evaluates an XPath of the toolkits: steps to children by namespace and local name, each with at most one condition on
 * an attribute. It begins with `/` above the root of the document, or with `./` at the element.
 */
export function select(from: Element, path: string): Element[] {
  if (!/^\.?$/.test(path.replace(step, ''))) throw new Error(`not a path that this reads: ${path}`)
  const start = path.startsWith('/') ? { ...from, children: [from] } : from
  return Array.from(path.matchAll(step)).reduce(
    (found, [, prefix = '', name, attribute = '', value]) =>
      found
        .flatMap(({ children }) => children)
        .filter((each) => each.uri === namespaces[prefix] && each.name === name)
        .filter(({ attributes }) => attribute === '' || attributes[attribute] === value),
    [start],
  )
}

/** The text of the first element that the path selects. */
export const textAt = (from: Element, path: string): string | undefined => select(from, path)[0]?.text

/** An attribute of the first element that the path selects. */
export const attributeAt = (from: Element, path: string, name: string): string | undefined =>
  select(from, path)[0]?.attributes[name]
