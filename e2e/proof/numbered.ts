/** Makes the message with a number: text, every fifth binary, 20 to 219 characters long. */
export function numbered(number: number): string | Uint8Array {
  const text = `${number} `.padEnd(20 + ((number * 7_919) % 200), 'abcdefghij')
  return number % 5 === 0 ? new TextEncoder().encode(text) : text
}

/** Names a message in a log by its number and a digest of all its bytes. */
export function named(message: string | Uint8Array | ArrayBuffer): string {
  const text = typeof message === 'string' ? message : new TextDecoder().decode(message)
  return `${text.split(' ')[0]} ${typeof message === 'string' ? 't' : 'b'}${digest(text)}`
}

/** FNV-1a, 32 bits: for finding damage, not for secrets. */
function digest(text: string): string {
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  return (hash >>> 0).toString(16)
}
