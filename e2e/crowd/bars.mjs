// What a measurement is held to.

/** A count, which is the same on every machine. */
export const counted = (what, value, expected) => ({
  what,
  value,
  bar: `= ${expected}`,
  kind: 'count',
  met: value === expected,
})

/** A figure, which a busy machine can spoil. */
export const atMost = (what, value, most) => ({
  what,
  value: Math.round(value * 1_000) / 1_000,
  bar: `<= ${most}`,
  kind: 'figure',
  met: value <= most,
})

/** A size that must be what it was before, give or take a tenth. */
export function asBefore(what, before, after) {
  const ratio = after / before
  return {
    what: `${what}: ${megabytes(before)} before, ${megabytes(after)} after`,
    value: Math.round(ratio * 1_000) / 1_000,
    bar: '0.9 .. 1.1',
    kind: 'figure',
    met: Math.abs(ratio - 1) <= 0.1,
  }
}

const megabytes = (bytes) => `${(bytes / 1_048_576).toFixed(1)} MiB`
