import { type Outgoing, type Payload, utf8Bytes } from '@holdfast/protocol'
import type { ReceiptEntry } from '@holdfast/mailbox'
import { HoldfastError } from '../errors.ts'
import { byteLengthOf, keep, type Incoming, type Message } from '../message.ts'

/** A message of the session as the protocol keeps it until it is acknowledged. */
export interface Entry extends Outgoing {
  readonly message: Message
  readonly receipt: ReceiptEntry
}

/**
 * Makes an entry, with a copy of what the caller may reuse.
 * @throws HoldfastError `invalid-message` for a `Blob`, whose bytes cannot be had at once
 */
export function toEntry(message: Message, receipt: ReceiptEntry): Entry {
  const bytes = typeof message === 'string' ? utf8Bytes(message) : byteLengthOf(message)
  return { payload: toPayload(keep(message)), bytes, message, receipt }
}

function toPayload(message: Message): Payload {
  if (typeof message === 'string' || message instanceof Uint8Array) return message
  if (message instanceof ArrayBuffer) return new Uint8Array(message)
  throw new HoldfastError(
    'invalid-message',
    'message: a Blob cannot be kept for resuming, send its bytes instead',
  )
}

/** Gives a payload in the shape in which a session delivers it. */
export function toIncoming(payload: Payload): Incoming {
  if (typeof payload === 'string') return payload
  const { buffer, byteLength } = payload
  // Nobody else has it: only bytes that share theirs with others need a copy.
  return buffer.byteLength === byteLength ? (buffer as ArrayBuffer) : payload.slice().buffer
}
