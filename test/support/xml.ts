import { SaxesParser } from 'saxes'

/** An element as an independent, conforming parser sees it. */
export interface Element {
  name: string
  /** The name as it is written, with its prefix. */
  tag: string
  uri: string
  attributes: Record<string, string>
  children: Element[]
  /** The text of the element and all within. */
  text: string
}

/** Parses a document strictly; throws on whatever is not well-formed. */
export function parse(document: string): Element {
  const parser = new SaxesParser({ xmlns: true })
  const root: Element = { name: '', tag: '', uri: '', attributes: {}, children: [], text: '' }
  const open = [root]
  parser.on('error', (error) => {
    throw error
  })
  parser.on('opentag', ({ name, local, uri, attributes }) => {
    const values = Object.entries(attributes).filter(([name]) => !name.startsWith('xmlns'))
    const element: Element = {
      name: local,
      tag: name,
      uri,
      attributes: Object.fromEntries(values.map(([name, { value }]) => [name, value])),
      children: [],
      text: '',
    }
    open.at(-1)?.children.push(element)
    open.push(element)
  })
  parser.on('closetag', () => void open.pop())
  parser.on('text', (text) => {
    for (const element of open) element.text += text
  })
  parser.write(document).close()
  return root.children[0] as Element
}

/** The children of that name. */
export const all = (element: Element, name: string): Element[] => element.children.filter((each) => each.name === name)

/** All elements within that are written with that name, prefix included, in the order of the document. */
export const tagged = (element: Element, tag: string): Element[] =>
  element.children.flatMap((each) => [...(each.tag === tag ? [each] : []), ...tagged(each, tag)])

/** The first child of that name. */
export function child(element: Element, name: string): Element {
  const found = element.children.find((each) => each.name === name)
  if (!found) throw new Error(`no ${name} in ${element.name}`)
  return found
}

/** Addresses of an element's links by relation. */
export const links = (element: Element): Record<string, string> =>
  Object.fromEntries(all(element, 'link').map(({ attributes: { rel = '', href = '' } }) => [rel, href] as const))

/** A tree that is equal for documents that mean the same: white space between elements does not count. */
export function meaning({ name, uri, attributes, children, text }: Element): unknown {
  const content: unknown = children.length > 0 ? children.map(meaning) : text
  return { name: `{${uri}}${name}`, attributes: Object.entries(attributes), content }
}
