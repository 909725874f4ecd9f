import { platform } from '@holdfast/lifetime'
import { must } from './bounds.ts'
import { HoldfastError } from './errors.ts'

/** The platform's `Blob` where its type is known, else the part of it that this code uses. */
export type BlobLike = typeof globalThis extends { Blob: { prototype: infer T } } ? T : BlobParts

interface BlobParts {
  readonly size: number
  arrayBuffer(): Promise<ArrayBuffer>
}

const web = platform as unknown as { readonly TextEncoder: new () => { encode(text: string): Uint8Array } }

/** What can be sent: text, or binary as a buffer, a view on one, or a `Blob`. */
export type Message = string | ArrayBuffer | ArrayBufferView | BlobLike

/** What arrives: text, or binary. */
export type Incoming = string | ArrayBuffer

/** Tells whether a value is a `Blob`, of this realm or another. */
export function isBlob(value: unknown): value is BlobParts {
  const blob = value as Partial<BlobParts> | null | undefined
  return typeof blob?.arrayBuffer === 'function' && typeof blob.size === 'number'
}

/** @throws TypeError when `value` is nothing that a WebSocket can send */
export function assertMessage(value: unknown): asserts value is Message {
  const sendable =
    typeof value === 'string' || value instanceof ArrayBuffer || ArrayBuffer.isView(value) || isBlob(value)
  must(sendable, TypeError, 'message', 'text, ArrayBuffer, view or Blob', value)
}

/** Counts the bytes that a message takes on the wire; text as UTF-8. */
export function byteLengthOf(message: Message): number {
  if (typeof message === 'string') return new web.TextEncoder().encode(message).length
  return isBlob(message) ? message.size : message.byteLength
}

/** Gives a message that stays as it is now: callers reuse their buffers. Text and blobs cannot change. */
export function keep(message: Message): Message {
  if (message instanceof ArrayBuffer) return message.slice(0)
  return ArrayBuffer.isView(message) ? bytesOf(message) : message
}

/** Copies the bytes that a view shows. */
export function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array<ArrayBuffer> {
  return new Uint8Array(buffer, byteOffset, byteLength).slice()
}

/** Gives the error of a message that is larger than it may be. */
export function tooLarge(bytes: number, maxBytes: number): HoldfastError {
  return new HoldfastError('message-too-large', `message: ${bytes} bytes, at most ${maxBytes}`)
}
