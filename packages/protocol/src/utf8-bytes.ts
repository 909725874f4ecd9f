/**
 * Returns how many bytes a text takes as UTF-8. A lone surrogate counts three, like the U+FFFD that a WebSocket sends
 * in its place. Written out because the core runs where neither `Buffer` nor `TextEncoder` need exist.
 */
export function utf8Bytes(text: string): number {
  let bytes = text.length
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    if (code < 0x80) continue
    if (code < 0x800) bytes += 1
    else if (code >= 0xd800 && code < 0xdc00 && isLow(text.charCodeAt(at + 1))) {
      bytes += 2
      at += 1
    } else bytes += 2
  }
  return bytes
}

function isLow(code: number): boolean {
  return code >= 0xdc00 && code < 0xe000
}
