import type { XmlElement } from './xml.js'

/** The children of an element that have this name. */
export function childrenOf(parent: XmlElement, namespace: string, name: string): XmlElement[] {
  return parent.children.filter((child) => child.namespace === namespace && child.name === name)
}

/** The first of them. */
export function childOf(parent: XmlElement, namespace: string, name: string): XmlElement | undefined {
  return parent.children.find((child) => child.namespace === namespace && child.name === name)
}

/** The text of the first of them, without blanks at its ends. */
export function textOf(parent: XmlElement, namespace: string, name: string): string | undefined {
  return childOf(parent, namespace, name)?.text.trim()
}

/** Every element inside this one, in the order of the document. */
export function descendantsOf(element: XmlElement): XmlElement[] {
  return element.children.flatMap((child) => [child, ...descendantsOf(child)])
}
