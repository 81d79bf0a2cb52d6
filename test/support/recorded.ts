import { recording } from './files.js'
import { all, type Element, links, parse } from './xml.js'

/** The document of a recorded answer. */
export const bodyOf = (name: string) => {
  const text = Buffer.from(recording(name) as Uint8Array).toString()
  return parse(text.slice(text.indexOf('<?xml')))
}
/** The entries of a feed; a document that is an entry is its own. */
export const entriesOf = (root: Element) => (root.name === 'entry' ? [root] : all(root, 'entry'))
/** The address of the recorded server. */
export const baseOf = (entry: Element) => {
  const address = Object.values(links(entry)).find((href) => href.startsWith('https://')) as string
  return new URL(address).origin
}

/**
 * The recorded document without intended differences: the empty block of the pronunciation, and the claim of a partial
 * page to be complete.
 */
export function expected(element: Element): Element {
  const isPart = links(element)['next'] !== undefined
  const children = element.children
    .filter((each) => !isLeftOut(each) && !(isPart && each.name === 'complete'))
    .map((each) => expected(isSound(each) ? { ...each, children: [], text: '' } : each))
  const attributes = Object.fromEntries(Object.entries(element.attributes).map(([name, value]) => [name, value.trim()]))
  if (attributes['rel']?.endsWith('/image')) attributes['type'] = 'image/*'
  return { ...element, children, attributes, text: flat(element.text) }
}

const isLeftOut = ({ attributes }: Element) =>
  /\/(service\/\w+|pronunciation|tag-cloud|theboard|status|ext-attr)$/.test(attributes['rel'] ?? '')

const isSound = ({ children }: Element) => children[0]?.attributes['class'] === 'sound url'

const isPageLink = ({ attributes: { rel, type } }: Element) => rel === 'alternate' && type === 'text/html'

/** Our document without that link. */
export const withoutPageLink = (document: string): string =>
  document.replace(/<link [^>]*rel="alternate" type="text\/html"><\/link>/, '')

/** Recorded cards are indented by hand and broken inside values: a space stands for a line break. */
const flat = (text: string) =>
  text
    .replace(/^[ \t]*SOUND;.*\n/m, '')
    .replace(/\n(?![A-Z_]+[;:])/g, ' ')
    .trim()
    .replace(/\s+/g, ' ')

/**
 * Our document with the texts of `expected`, without our additions: the link to a page, and the author of a profile.
 */
export const tidy = (element: Element): Element => ({
  ...element,
  children: element.children
    .filter((each) => !isPageLink(each) && !(isProfile(element) && each.name === 'author'))
    .map(tidy),
  text: flat(element.text),
})

const isProfile = (element: Element) =>
  element.name === 'entry' && all(element, 'category').some(({ attributes }) => attributes['term'] === 'profile')
