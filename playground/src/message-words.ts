import type { Message } from 'holdfast'
import { whole } from './time-words.ts'

const mostLetters = 160
const mostBytes = 24

/** Shows the beginning of a message: text as it is, binary as bytes. */
export function messageWords(message: Message): string {
  if (typeof message === 'string')
    return message.length > mostLetters ? `${message.slice(0, mostLetters)}…` : message
  if (message instanceof Blob) return `Blob, ${whole(message.size)} bytes`
  const bytes = ArrayBuffer.isView(message)
    ? new Uint8Array(message.buffer, message.byteOffset, message.byteLength)
    : new Uint8Array(message)
  const shown = Array.from(bytes.subarray(0, mostBytes), (byte) => byte.toString(16).padStart(2, '0')).join(
    ' ',
  )
  return `${whole(bytes.length)} bytes: ${shown}${bytes.length > mostBytes ? ' …' : ''}`
}
