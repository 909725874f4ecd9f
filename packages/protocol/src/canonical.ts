// Each quantifier is bounded and followed by what it cannot match, so there is nothing to backtrack into.
const numbers = /^(0|[1-9][0-9]{0,15}),(0|[1-9][0-9]{0,15})(?:,(0|[1-9][0-9]{0,15}))?$/

/** Reads two or three canonical numbers, separated by one comma each; undefined for anything else. */
export function readNumbers(text: string): readonly number[] | undefined {
  // The third group is absent or a number. Not every match is exact: 9007199254740993 would silently become ...992.
  const read = numbers.exec(text)?.slice(1).filter(Boolean).map(Number)
  return read?.every(Number.isSafeInteger) ? read : undefined
}
