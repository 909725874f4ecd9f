const zero = 48
const nine = 57
const comma = 44
const maxDigits = 16

/** Reads the characters from `start` to `end` as `0|[1-9][0-9]{0,15}` and a safe integer; anything else is undefined. */
function readNumber(text: string, start: number, end: number): number | undefined {
  const digits = end - start
  if (digits < 1 || digits > maxDigits) return undefined
  if (digits > 1 && text.charCodeAt(start) === zero) return undefined
  let value = 0
  for (let at = start; at < end; at += 1) {
    const code = text.charCodeAt(at)
    if (code < zero || code > nine) return undefined
    value = value * 10 + (code - zero)
  }
  // 9007199254740993 has sixteen digits too, and would silently become ...992.
  return Number.isSafeInteger(value) ? value : undefined
}

/**
 * Reads exactly `count` canonical numbers, separated by one comma each, from `start` to the end of the text.
 * One pass and no backtracking, whatever the text holds.
 */
export function readNumbers(text: string, start: number, count: number): readonly number[] | undefined {
  const numbers: number[] = []
  let from = start
  for (let at = start; at <= text.length; at += 1) {
    if (at < text.length && text.charCodeAt(at) !== comma) continue
    const value = readNumber(text, from, at)
    if (value === undefined || numbers.length === count) return undefined
    numbers.push(value)
    from = at + 1
  }
  return numbers.length === count ? numbers : undefined
}
