import { LRUCache } from 'lru-cache'
import type { DefaultTreeAdapterTypes } from 'parse5'
import { cleanHtml, treeOf } from './clean-html.js'

/** Cache of cleaned messages, since polling clients request the same messages again. */
const cleanedMessages = new LRUCache<string, string>({
  maxSize: 8_000_000,
  sizeCalculation: (cleaned, message) => cleaned.length + message.length + 1,
})

/** Removes active content from a message for display (`cleanHtml`). */
export function shownMessage(message: string): string {
  if (!message.includes('<')) return message
  const before = cleanedMessages.get(message)
  if (before !== undefined) return before
  const cleaned = cleanHtml(message)
  cleanedMessages.set(message, cleaned)
  return cleaned
}

const maxSliceMilliseconds = 10

/**
 * Cleans the messages of a feed in advance. Yields to the event loop about every 10 ms, so that other requests proceed.
 */
export async function prepareMessages(messages: readonly string[]): Promise<void> {
  let start = performance.now()
  for (const message of messages) {
    shownMessage(message)
    if (performance.now() - start < maxSliceMilliseconds) continue
    await new Promise((resolve) => setImmediate(resolve))
    start = performance.now()
  }
}

/**
 * Converts a message to plain text, for pages and e-mails. A message without markup keeps its whitespace. A message
 * with too many elements to parse is returned as cleaned HTML.
 */
export function textOfMessage(message: string): string {
  if (!/[<&]/.test(message)) return message
  const shown = shownMessage(message)
  const tree = treeOf(`<!DOCTYPE html><body>${shown}`)
  return tree ? textOf(tree) : shown
}

type Node = DefaultTreeAdapterTypes.Node

/** Block elements. Their text starts on a new line and ends with a line break. */
const blocks = new Set(
  (
    'address article aside blockquote caption center dd details div dl dt figcaption figure footer h1 h2 h3 h4 h5 h6 ' +
    'header hgroup hr li main nav ol p pre section summary table tr ul'
  ).split(' '),
)

function textOf(tree: Node): string {
  let text = ''
  let hasMarkup = false
  /** The length of the text after the last line break that an element caused. A source line break here is redundant. */
  let lineStart = 0
  const breakLine = (isNeeded: boolean) => {
    if (isNeeded) text += '\n'
    lineStart = text.length
  }
  const endLine = () => breakLine(text !== '' && !text.endsWith('\n'))
  const write = (node: Node): void => {
    if ('value' in node)
      text += hasMarkup && text.length === lineStart ? node.value.replace(/^[ \t]*\n/, '') : node.value
    if (!('childNodes' in node)) return
    const { nodeName: name } = node
    hasMarkup ||= !['#document', 'html', 'head', 'body'].includes(name)
    if (blocks.has(name)) endLine()
    const from = text.length
    node.childNodes.forEach(write)
    const attribute = (wanted: string) =>
      ('attrs' in node && node.attrs.find(({ name }) => name === wanted)?.value) || ''
    if (name === 'td' || name === 'th') text += ' '
    if (name === 'img') text += attribute('alt')
    const address = name === 'a' ? attribute('href') : ''
    if (/^(?:https?|mailto|tel):/i.test(address) && !address.endsWith(text.slice(from).trim())) text += ` (${address})`
    if (blocks.has(name)) endLine()
    if (name === 'br' || name === 'p') breakLine(true)
  }
  write(tree)
  return hasMarkup ? text.replace(/[ \t]*\n(?:[ \t]*\n)+/g, '\n\n').trim() : text
}
