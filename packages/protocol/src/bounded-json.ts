/** How large and how deep the JSON of one control frame may be. */
export const jsonBounds = { maxBytes: 16_384, maxDepth: 4 } as const

function isShallow(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return true
  return depth > 0 && Object.values(value).every((member) => isShallow(member, depth - 1))
}

/** Parses a JSON object, or returns undefined: no JSON, no object, or nested too deep. The caller has bounded its size. */
export function parseObject(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text)
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    return isObject && isShallow(value, jsonBounds.maxDepth) ? value : undefined
  } catch {
    return undefined
  }
}
