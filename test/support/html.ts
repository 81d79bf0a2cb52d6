import { load } from 'cheerio'

/** A page as a browser's parser sees it. */
export function page(html: string) {
  const $ = load(html)
  return {
    /** The text of each element that a selector finds. */
    texts: (selector: string): string[] =>
      $(selector)
        .toArray()
        .map((each) => $(each).text()),
    /** An attribute of each such element; an element without it is left out. */
    attributes: (selector: string, name: string): string[] =>
      $(selector)
        .toArray()
        .flatMap((each) => $(each).attr(name) ?? []),
  }
}
