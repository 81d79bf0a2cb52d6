import { LRUCache } from 'lru-cache'

const maxBytes = 4 * 1024 * 1024

/**
 * Remembers the results of a pure function of a text, such as the query of a URL: clients send the same texts again.
 * Errors are not remembered.
 */
export function remembered<Value extends object>(read: (text: string) => Value): (text: string) => Value {
  const known = new LRUCache<string, Value>({
    maxSize: maxBytes,
    sizeCalculation: (_value, text) => 2_000 + 8 * text.length,
  })
  return (text) => {
    const before = known.get(text)
    if (before !== undefined) return before
    const value = read(text)
    known.set(text, value)
    return value
  }
}
