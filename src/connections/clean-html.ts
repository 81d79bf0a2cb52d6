import {
  defaultTreeAdapter,
  type DefaultTreeAdapterTypes,
  ErrorCodes,
  parse,
  type TokenHandler,
  Tokenizer,
} from 'parse5'
import sanitize from 'sanitize-html'

/**
 * Reduces HTML to elements, attributes and styles without active behaviour. Removes, for example, scripts, event
 * attributes, forms, frames, drawings, `javascript:` URLs, and styles that load resources or cover other elements. If
 * cleaning leaves the tree unchanged (`hasSameTree`), returns the original text.
 */
export function cleanHtml(html: string): string {
  if (!html.includes('<')) return html
  const cleaned = sanitize(html, options)
  return hasSameTree(html, cleaned) ? html : cleaned
}

/**
 * Whether cleaning left the tree unchanged. A removed tag counts as a change even if the parser ignores the tag here,
 * since it could take effect in another context, for example inside a table. An unfinished tag, or a tree that is too
 * large to compare, also counts as a change.
 */
function hasSameTree(html: string, cleaned: string): boolean {
  const [before, after] = [startTags(html), startTags(cleaned)]
  if (before === undefined || after === undefined || !isSubsequence(before, after)) return false
  const [one, other] = [treeOf(html), treeOf(cleaned)]
  return one !== undefined && other !== undefined && isSameNode(one, other)
}

const isSubsequence = (part: readonly string[], whole: readonly string[]) =>
  whole.reduce((at, each) => (each === part[at] ? at + 1 : at), 0) === part.length

/**
 * Lists the start tags with their attributes; undefined if a tag is unfinished. Leaves out `html`, `head` and `body`
 * without attributes, since the parser adds these elements to every document.
 */
function startTags(html: string): string[] | undefined {
  const found: string[] = []
  let isFinished = true
  const nothing = () => {}
  const handler: TokenHandler = {
    onStartTag: ({ tagName, attrs }) => {
      if (attrs.length > 0 || !['html', 'head', 'body'].includes(tagName)) found.push(JSON.stringify([tagName, attrs]))
    },
    onParseError: ({ code }) => {
      if (code === ErrorCodes.eofInTag) isFinished = false
    },
    ...{ onComment: nothing, onDoctype: nothing, onEndTag: nothing, onEof: nothing, onCharacter: nothing },
    ...{ onNullCharacter: nothing, onWhitespaceCharacter: nothing },
  }
  new Tokenizer({ sourceCodeLocationInfo: false }, handler).write(html, true)
  return isFinished ? found : undefined
}

function isSameNode(one: DefaultTreeAdapterTypes.Node, other: DefaultTreeAdapterTypes.Node): boolean {
  if (one.nodeName !== other.nodeName) return false
  if ('value' in one) return 'value' in other && one.value === other.value
  if ('data' in one) return 'data' in other && one.data === other.data
  if ('name' in one) return false
  if ('attrs' in one && JSON.stringify(one.attrs) !== JSON.stringify((other as typeof one).attrs)) return false
  const [children, others] = [one.childNodes, (other as typeof one).childNodes]
  return (
    children.length === others.length && children.every((child, at) => isSameNode(child, others[at] as typeof child))
  )
}

/** Parses HTML as a browser does; undefined if the tree would have more than `maxElements` elements. */
export function treeOf(html: string): DefaultTreeAdapterTypes.Document | undefined {
  let elements = 0
  const treeAdapter: typeof defaultTreeAdapter = {
    ...defaultTreeAdapter,
    createElement: (...values) => {
      if (++elements > maxElements) throw tooManyElements
      return defaultTreeAdapter.createElement(...values)
    },
  }
  try {
    return parse(html, { treeAdapter })
  } catch (error) {
    if (error === tooManyElements) return undefined
    throw error
  }
}

/** A well-nested message stays below this limit. Misnested formatting elements can multiply into millions. */
const maxElements = 4000
const tooManyElements = new Error('The tree has too many elements.')

/** Elements without active behaviour. Only these are kept. */
const passiveElements =
  'a abbr address article aside b bdi bdo big blockquote br caption center cite code col colgroup dd del details dfn ' +
  'div dl dt em figcaption figure font footer h1 h2 h3 h4 h5 h6 header hgroup hr i img ins kbd li main mark nav ol p ' +
  'pre q rp rt ruby s samp section small span strike strong sub summary sup table tbody td tfoot th thead time tr tt ' +
  'u ul var wbr'

/**
 * Attributes allowed on all elements. `id` and `name` are excluded: they would create properties of `document` that can
 * mislead the scripts of the page.
 */
const globalAttributes =
  'abbr align bgcolor border cellpadding cellspacing cite class clear color colspan datetime dir face height lang ' +
  'noshade nowrap open rowspan scope size span start style title type valign value width'

/** Elements that are removed together with their text. */
const hiddenElements = 'iframe noembed noframes option script style template textarea title xmp'

/** Matches a style declaration that neither loads a resource nor covers other elements. */
const passiveDeclaration = new RegExp(
  String.raw`^\s*(?:(?:background-)?color|(?:border|font|list-style|margin|padding|text)(?:-[a-z]+)*|direction` +
    '|letter-spacing|line-height|(?:max-|min-)?(?:height|width)|vertical-align|white-space)' +
    String.raw`\s*:(?:[\w\s#%.,!'"]|-(?![\d.])|rgba?\([\d\s.,%]*\))*$`,
  'i',
)

const options: sanitize.IOptions = {
  allowedTags: passiveElements.split(' '),
  allowedAttributes: {
    '*': globalAttributes.split(' '),
    a: ['href', 'hreflang', 'rel', 'target'],
    img: ['src', 'alt', 'loading'],
  },
  allowedSchemes: ['http', 'https', 'mailto', 'tel'],
  allowedSchemesByTag: { img: ['http', 'https'] },
  nonTextTags: hiddenElements.split(' '),
  nonBooleanAttributes: [],
  nestingLimit: 64,
  parseStyleAttributes: false,
  transformTags: {
    '*': (tagName, { style, target, ...attribs }) => ({
      tagName,
      attribs: {
        ...attribs,
        ...(style !== undefined && withStyle(style)),
        ...(target === '_blank' && { target }),
      },
    }),
  },
}

function withStyle(style: string): { style?: string } {
  const kept = style.split(';').filter((each) => each.trim() === '' || passiveDeclaration.test(each))
  return kept.every((each) => each.trim() === '') ? {} : { style: kept.join(';') }
}
