import { platform } from '@holdfast/lifetime'
import { isBlob, type Message } from '../message.ts'

interface Native {
  readonly Buffer?: { byteLength(text: string): number }
}

/** Makes a function that counts the bytes which a message takes on the wire, text as UTF-8, and allocates nothing. */
export function messageBytes(): (message: Message) => number {
  const { Buffer } = platform as unknown as Native
  const textBytes = Buffer ? (text: string) => Buffer.byteLength(text) : utf8Bytes
  return (message) => {
    if (typeof message === 'string') return textBytes(message)
    return isBlob(message) ? message.size : message.byteLength
  }
}

/** Counts the bytes of a text in UTF-8; a surrogate without its other half counts as the three that replace it. */
export function utf8Bytes(text: string): number {
  let bytes = text.length
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at)
    if (unit < 0x80) continue
    if (unit < 0x800) bytes += 1
    else if (isHigh(unit) && isLow(text.charCodeAt(at + 1))) {
      // Two units, four bytes.
      bytes += 2
      at += 1
    } else bytes += 2
  }
  return bytes
}

const isHigh = (unit: number) => unit >= 0xd800 && unit < 0xdc00
const isLow = (unit: number) => unit >= 0xdc00 && unit < 0xe000
