/** How large and how deep the JSON of one control frame may be. */
export const jsonBounds = { maxBytes: 16_384, maxDepth: 4 } as const

const quote = 34
const backslash = 92
const opening: ReadonlySet<number> = new Set([91, 123])
const closing: ReadonlySet<number> = new Set([93, 125])

/** Returns how deep brackets nest outside of strings; text that is not JSON gets some number and fails later. */
function depthOf(text: string, start: number): number {
  let depth = 0
  let deepest = 0
  let quoted = 0
  for (let at = start; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    if (code === quote) quoted = 1 - quoted
    else if (quoted === 1) at += code === backslash ? 1 : 0
    else if (opening.has(code)) deepest = Math.max(deepest, (depth += 1))
    else if (closing.has(code)) depth -= 1
  }
  return deepest
}

/**
 * Parses the JSON object that follows `start`, or says in one word why not. Depth is measured before parsing, so that
 * hostile nesting costs one linear scan and nothing more.
 */
export function parseObject(text: string, start: number): object | 'too deep' | 'not a JSON object' {
  if (depthOf(text, start) > jsonBounds.maxDepth) return 'too deep'
  try {
    const value: unknown = JSON.parse(text.slice(start))
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
    return 'not a JSON object'
  } catch {
    return 'not a JSON object'
  }
}

/**
 * Copies a parsed value into objects without a prototype and without a member `__proto__`, so that code which merges
 * what a stranger sent cannot change a prototype. The depth limit above bounds the recursion.
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
