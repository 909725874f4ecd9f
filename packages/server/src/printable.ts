const LONGEST = 200

/**
 * Makes text from outside safe to print: control characters, line separators and those that turn the direction of writing
 * become `\u{…}`, and what exceeds 200 characters is cut. So nobody can forge a log line or move a terminal's cursor.
 */
export function printable(text: string): string {
  const kept = text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text
  let safe = ''
  for (const character of kept) {
    const point = character.codePointAt(0) ?? 0
    safe += isUnsafe(point) ? `\\u{${point.toString(16)}}` : character
  }
  return safe
}

function isUnsafe(point: number): boolean {
  return (
    point < 0x20 ||
    (point >= 0x7f && point <= 0x9f) ||
    point === 0x061c ||
    (point >= 0x200b && point <= 0x200f) ||
    (point >= 0x2028 && point <= 0x202e) ||
    (point >= 0x2066 && point <= 0x2069) ||
    (point >= 0xd800 && point <= 0xdfff) ||
    point === 0xfeff
  )
}
