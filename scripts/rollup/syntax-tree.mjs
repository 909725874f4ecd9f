// What the plugins that rename have in common.

const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'

/** Gives the n-th short name: `a`, …, `Z`, `aa`, … */
export function shortName(n) {
  const tail = letters[n % letters.length]
  return n < letters.length ? tail : shortName(Math.floor(n / letters.length) - 1) + tail
}

/** Lists the nodes below `node`, nearest first. */
export function* below(node) {
  for (const child of Object.values(node).flat()) {
    if (typeof child?.type !== 'string') continue
    yield child
    yield* below(child)
  }
}

/** Counts values, and lists each with its count, the most frequent first. */
export function byFrequency(values) {
  const counts = new Map()
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1)
  return [...counts].sort(([, a], [, b]) => b - a).map(([value]) => value)
}

/** Puts texts in place of parts of `code`: `[{ start, end, text }]`, none of which overlap. */
export function edited(code, edits) {
  let result = code
  for (const { start, end, text } of edits.sort((a, b) => b.start - a.start)) {
    result = result.slice(0, start) + text + result.slice(end)
  }
  return result
}
