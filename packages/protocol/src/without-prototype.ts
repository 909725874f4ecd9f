/**
 * Copies a parsed value into objects without a prototype and without a member `__proto__`, so that code which merges
 * what a stranger sent cannot change a prototype. The depth limit of control frames bounds the recursion.
 */
export function withoutPrototype(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutPrototype)
  if (typeof value !== 'object' || value === null) return value
  const copy: Record<string, unknown> = Object.create(null)
  for (const [key, member] of Object.entries(value)) {
    if (key !== '__proto__') copy[key] = withoutPrototype(member)
  }
  return copy
}
