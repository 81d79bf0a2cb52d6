/** Puts a value where a path of names says; the objects on the way are made, or copied. */
export function place(into: Record<string, unknown>, names: readonly string[], value: unknown): void {
  const [name = '', ...rest] = names
  if (rest.length === 0) return define(into, name, value)
  const known = Object.hasOwn(into, name) ? into[name] : undefined
  const inner: Record<string, unknown> = typeof known === 'object' && known !== null ? { ...known } : {}
  place(inner, rest, value)
  define(into, name, inner)
}

/** A name such as `__proto__` is one like any other. */
const define = (into: object, name: string, value: unknown) =>
  void Object.defineProperty(into, name, { value, enumerable: true, configurable: true, writable: true })
