import { type X2jOptions, XMLParser, XMLValidator } from 'fast-xml-parser'
import { Failure } from '../errors.js'
import { decodeXml } from './encoding.js'
import { isXmlText } from './escape.js'
import { contentAt, decodeReferences, type Refuse, scan, type XmlLimits } from './scan.js'

export type { XmlLimits }

/** A parsed XML element. */
export interface XmlElement {
  /** '' for an element without a namespace. */
  readonly namespace: string
  /** The local name, without a prefix. */
  readonly name: string
  /** By local name, or `{namespace}name` for a prefixed attribute. Excludes namespace declarations. */
  readonly attributes: ReadonlyMap<string, string>
  readonly children: readonly XmlElement[]
  /** Child elements and character data, in document order. */
  readonly nodes: readonly (XmlElement | string)[]
  /** All character data of the element and its descendants, in document order. */
  readonly text: string
  /** The XML source between the element's tags. */
  readonly source: () => string
}

/** Limits for request bodies. */
export const requestLimits: XmlLimits = { depth: 16, elements: 500, attributes: 32 }

/**
 * Parses an XML 1.0 document with namespaces. Refuses document types.
 *
 * @param document text, or bytes in a supported encoding; for text, the declared encoding is ignored
 * @param charset of the sender's `Content-Type`
 * @throws Failure `invalid`, with line and reason, for malformed XML and for a document that exceeds the limits
 */
export function parseXml(document: Uint8Array | string, limits: XmlLimits, charset?: string): XmlElement {
  const decoded = typeof document === 'string' ? document.replace(/^\uFEFF/, '') : decodeXml(document, charset, refuse)
  const text = decoded.replace(/\r\n?/g, '\n')
  const refuseAt = refusalsIn(text)
  if (!isXmlText(text)) {
    const line = text.split('\n').findIndex((line) => !isXmlText(line)) + 1
    refuseInLine(line)('it has a character that XML forbids')
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

/**
 * Finds line numbers only when a document is refused: counting lines for every element would cost more than parsing.
 */
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

/**
 * Prefixes of the names in parsed objects, so that a name such as `constructor` does not collide with a property of
 * `Object`.
 */
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
  // Must be idempotent: the library calls this twice for an empty element without attributes.
  transformTagName: (name) => (name.startsWith(elementMark) ? name : elementMark + name),
  maxNestedTags: Infinity,
  captureMetaData: true,
  jPath: false,
} satisfies X2jOptions

const parser = new XMLParser(options)
const position = XMLParser.getMetaDataSymbol() as unknown as symbol

/** The library's object for an element, a text or a CDATA section. Its first key distinguishes them. */
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
  const scope = innerScope(outer, raw, refuse)
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

/** Namespaces by prefix at one point of the document. The prefix '' is the default namespace. */
type Scope = ReadonlyMap<string, string>

const XML = 'http://www.w3.org/XML/1998/namespace'
const XMLNS = 'http://www.w3.org/2000/xmlns/'

const outermost: Scope = new Map([
  ['', ''],
  ['xml', XML],
])

const isDeclaration = (attribute: string): boolean => /^xmlns(:|$)/.test(attribute)

/**
 * The scope inside an element with these attributes. Refuses bindings that Namespaces in XML 1.0, section 3, forbids.
 */
function innerScope(scope: Scope, attributes: ReadonlyMap<string, string>, refuse: Refuse): Scope {
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

/** Splits a qualified name into namespace ('' for none) and local name. Refuses an unbound prefix. */
function resolve(name: string, scope: Scope, refuse: Refuse): { namespace: string; local: string } {
  const [, prefix = '', local = ''] = /^(?:(.*):)?(.*)$/.exec(name) ?? []
  const namespace = scope.get(prefix) ?? refuse(`the prefix of "${name}" is not bound to a namespace`)
  return { namespace, local }
}
