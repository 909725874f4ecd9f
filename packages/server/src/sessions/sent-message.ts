import { type Receipt, ReceiptEntry } from '@holdfast/mailbox'
import type { Outgoing, SessionRecord } from '@holdfast/protocol'
import { shown } from '../option-checks.ts'
import { isShared } from '../shared-bytes.ts'

/** What can be sent: text, or binary as a buffer or a view on one. */
export type SessionMessage = string | ArrayBuffer | ArrayBufferView

/** The count that tells whether a message has been on a wire. */
type Sent = Pick<SessionRecord<unknown>['outbox'], 'hi'>

/**
 * How a message of a session ends. `kept`: the session goes on at another server, or waits for one, and the message with it;
 * only with a store that servers share.
 */
export type SessionFinalStatus = 'acked' | 'rejected' | 'undelivered' | 'uncertain' | 'kept'

/** What `send` of a session returns. `queued` and `written` still change; the others are final. */
export type SessionReceipt = Receipt<SessionFinalStatus>

/** A message of the application from `send` to its fate: the protocol's entry and the application's receipt in one. */
export class SentMessage implements Outgoing, SessionReceipt {
  readonly payload: string | Uint8Array
  readonly bytes: number
  readonly #entry = new ReceiptEntry<SessionFinalStatus>()
  #place: { readonly number: number; readonly outbox: Sent } | undefined

  /** Binary is copied, as callers reuse their buffers, unless it is a copy for many already. @throws TypeError for what cannot be sent */
  constructor(message: SessionMessage) {
    this.payload = typeof message === 'string' ? message : copyOf(message)
    this.bytes = typeof message === 'string' ? Buffer.byteLength(message) : message.byteLength
  }

  get status(): SessionReceipt['status'] {
    const { status } = this.#entry
    const place = this.#place
    return status === 'queued' && place !== undefined && place.number <= place.outbox.hi ? 'written' : status
  }

  get error(): Error | undefined {
    return this.#entry.error
  }

  get settled(): Promise<SessionFinalStatus> {
    return this.#entry.settled
  }

  /** Notes the number that the protocol gave it. */
  numbered(number: number, outbox: Sent): void {
    this.#place = { number, outbox }
  }

  /** Says how it ended. The first end counts. */
  settle(status: SessionFinalStatus, error?: Error): void {
    this.#entry.settle(status, error)
  }
}

function copyOf(message: ArrayBuffer | ArrayBufferView): Uint8Array {
  if (isShared(message)) return message
  if (message instanceof ArrayBuffer) return new Uint8Array(message.slice(0))
  if (ArrayBuffer.isView(message)) {
    return new Uint8Array(message.buffer, message.byteOffset, message.byteLength).slice()
  }
  throw new TypeError(
    `message: must be a string, an ArrayBuffer or a view of one, received ${shown(message)}`,
  )
}
