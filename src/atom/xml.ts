import { type X2jOptions, XMLParser, XMLValidator } from 'fast-xml-parser'
import { Failure } from '../errors.js'
import { decodeXml } from './encoding.js'
import { contentAt, decodeReferences, type Refuse, scan, type XmlLimits } from './scan.js'
import { isXmlText } from './template.js'

export type { XmlLimits }

/** An element of a document that was read. */
export interface XmlElement {
  /** '' for none. */
  readonly namespace: string
  /** Without prefix. */
  readonly name: string
  /** By local name, or by `{namespace}name` where the attribute has a prefix. Namespace declarations are not among them. */
  readonly attributes: ReadonlyMap<string, string>
  readonly children: readonly XmlElement[]
  /** Elements and character data between its tags, in the order of the document. */
  readonly nodes: readonly (XmlElement | string)[]
  /** All character data of the element and of what is inside it, in the order of the document, as it stands. */
  readonly text: string
  /** All that stands between its tags, as it is written. */
  readonly source: () => string
}

/** For a document that a request brings. */
export const requestLimits: XmlLimits = { depth: 16, elements: 500, attributes: 32 }

/**
 * Reads a document of XML 1.0 with namespaces, without a document type. Refuses (`invalid`, with line and reason)
 * whatever a conforming parser would refuse, and what exceeds the limits.
 *
 * @param document bytes in one of the encodings that are read; or text, of which the declared encoding says nothing
 * @param charset which encoding the sender says that the bytes have
 */
export function parseXml(document: Uint8Array | string, limits: XmlLimits, charset?: string): XmlElement {
  const decoded = typeof document === 'string' ? document.replace(/^\uFEFF/, '') : decodeXml(document, charset, refuse)
  const text = decoded.replace(/\r\n?/g, '\n')
  const refuseAt = refusalsIn(text)
  if (!isXmlText(text)) {
    const line = text.split('\n').findIndex((line) => !isXmlText(line)) + 1
    refuseInLine(line)('it holds a character that XML forbids')
  }

  const markup = scan(text, limits, refuseAt)
  const verdict = XMLValidator.validate(markup)
  if (verdict !== true) refuseInLine(verdict.err.line)(verdict.err.msg.replace(/\.$/, ''))
  const [root] = parser.parse(markup) as [Parsed]
  return element(root, outermost, markup)
}

const refuse: Refuse = (reason) => {
  throw new Failure('invalid', `The XML document is refused: ${reason}.`)
}

/** Counts lines only once there is something to refuse: it would cost more than all the rest. */
const refusalsIn =
  (text: string) =>
  (index: number): Refuse =>
  (reason) =>
    refuseInLine(text.slice(0, index).split('\n').length)(reason)

const refuseInLine =
  (line: number): Refuse =>
  (reason) => {
    throw new Failure('invalid', `The XML document is refused at line ${line}: ${reason}.`)
  }

/** Marks before names keep `constructor` and its like from being taken for properties of an object. */
const elementMark = '<'
const attributeMark = '@'

const options = {
  preserveOrder: true,
  ignoreAttributes: false,
  parseTagValue: false,
  trimValues: false,
  processEntities: false,
  cdataPropName: '#cdata',
  attributeNamePrefix: attributeMark,
  // The library calls it twice for an empty element without attributes.
  transformTagName: (name) => (name.startsWith(elementMark) ? name : elementMark + name),
  maxNestedTags: Infinity,
  captureMetaData: true,
  jPath: false,
} satisfies X2jOptions

const parser = new XMLParser(options)
const position = XMLParser.getMetaDataSymbol() as unknown as symbol

/** What the library makes of an element, of text or of a CDATA section: an object whose first key says which. */
interface Parsed {
  readonly '#text'?: string
  readonly '#cdata'?: readonly [{ readonly '#text': string }]
  readonly ':@'?: Readonly<Record<string, string>>
  readonly [element: `<${string}`]: readonly Parsed[]
  readonly [position: symbol]: { readonly startIndex: number }
}

function element(parsed: Parsed, outer: Scope, markup: string): XmlElement {
  const start = parsed[position]?.startIndex ?? 0
  const refuse: Refuse = (reason) => refusalsIn(markup)(start)(reason)
  const key = Object.keys(parsed)[0] as `<${string}`
  const raw = new Map(
    Object.entries(parsed[':@'] ?? {}).map(([name, value]) => [
      name.slice(attributeMark.length),
      decodeReferences(value.replace(/[\t\n]/g, ' '), refuse),
    ]),
  )
  const scope = within(outer, raw, refuse)
  const { namespace, local } = resolve(key.slice(elementMark.length), scope, refuse)
  const attributes = resolveAttributes(raw, scope, refuse)

  const nodes = (parsed[key] ?? []).map((part): XmlElement | string => {
    if (part['#text'] !== undefined) return decodeReferences(part['#text'], refuse)
    return part['#cdata'] === undefined ? element(part, scope, markup) : part['#cdata'][0]['#text']
  })
  const children = nodes.filter((node) => typeof node !== 'string')
  const text = nodes.map((node) => (typeof node === 'string' ? node : node.text)).join('')
  return { namespace, name: local, attributes, children, nodes, text, source: () => contentAt(markup, start) }
}

function resolveAttributes(raw: ReadonlyMap<string, string>, scope: Scope, refuse: Refuse): Map<string, string> {
  const attributes = new Map<string, string>()
  for (const [name, value] of raw) {
    if (isDeclaration(name)) continue
    const { namespace, local } = resolve(name, scope, refuse)
    const full = name.includes(':') ? `{${namespace}}${local}` : local
    if (attributes.has(full)) refuse('an attribute is repeated')
    attributes.set(full, value)
  }
  return attributes
}

/** Which namespace each prefix means at some place of a document; the prefix '' is that of names without one. */
type Scope = ReadonlyMap<string, string>

const XML = 'http://www.w3.org/XML/1998/namespace'
const XMLNS = 'http://www.w3.org/2000/xmlns/'

const outermost: Scope = new Map([
  ['', ''],
  ['xml', XML],
])

const isDeclaration = (attribute: string): boolean => /^xmlns(:|$)/.test(attribute)

/** The scope inside an element with these attributes. Refuses what Namespaces in XML 1.0, section 3, forbids to bind. */
function within(scope: Scope, attributes: ReadonlyMap<string, string>, refuse: Refuse): Scope {
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
function resolve(name: string, scope: Scope, refuse: Refuse): { namespace: string; local: string } {
  const [, prefix = '', local = ''] = /^(?:(.*):)?(.*)$/.exec(name) ?? []
  const namespace = scope.get(prefix) ?? refuse(`the prefix of "${name}" is not bound to a namespace`)
  return { namespace, local }
}
