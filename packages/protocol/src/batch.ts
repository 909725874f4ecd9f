import { dle, encodeData } from './codec.ts'
import type { Batch } from './frame.ts'
import type { Outgoing, Payload } from './outgoing.ts'
import type { Shape } from './shape.ts'

/** When text messages share a frame. */
export interface BatchOptions {
  /** How long a message may wait for others, in milliseconds; 0: for what is sent in the same turn. Default 0. */
  readonly lingerMs: number
  /** Most messages in one frame, at most 1,024. Default 256. */
  readonly maxMessages: number
  /** Most payload bytes in one frame; never more than the other end's largest message. Default 16,384. */
  readonly maxBytes: number
}

/** Collects the messages of one connection into frames. */
export interface Packer {
  /** Puts a message on the wire, or behind others in a frame that is still open. */
  put(entry: Outgoing): void
  /** Sends the frame that is open. */
  flush(): void
  /** Tells whether a message that was just numbered may wait for others. */
  lingers(entry: Outgoing): boolean
}

/** The extension `batch` as an end uses it. */
export interface Batching {
  /** Begins on a connection. @param maxBytes the other end's largest message */
  (send: (data: Payload) => void, maxBytes: number): Packer
  readonly lingerMs: number
  readonly shape: Shape<Batch>
}

/** Most messages in a frame that a receiver takes. */
const mostMessages = 1_024

/** What applies when an option is left out. */
export const batchDefaults: BatchOptions = { lingerMs: 0, maxMessages: 256, maxBytes: 16_384 }

/** Reads what an end may receive as BATCH. */
export const batchShape: Shape<Batch> = { kind: 'batch', members: {}, read: decodeBatch }

/** Gives the extension to an end; options that are left out have their defaults. */
export function batching(options: Partial<BatchOptions> = {}): Batching {
  const { lingerMs, maxMessages, maxBytes } = { ...batchDefaults, ...options }
  const begin = (send: (data: Payload) => void, most: number) =>
    new TextPacker(send, maxMessages, Math.min(maxBytes, most))
  return Object.assign(begin, { lingerMs, shape: batchShape })
}

/** Puts text messages together; binary ones are frames of their own. */
class TextPacker implements Packer {
  readonly #send: (data: Payload) => void
  readonly #maxMessages: number
  readonly #maxBytes: number
  #texts: string[] = []
  #textBytes = 0
  /** What waits to be put, since the last frame went out. */
  #lingering = 0
  #lingeringBytes = 0

  constructor(send: (data: Payload) => void, maxMessages: number, maxBytes: number) {
    this.#send = send
    this.#maxMessages = maxMessages
    this.#maxBytes = maxBytes
  }

  put({ payload, bytes }: Outgoing): void {
    const isFull = this.#texts.length >= this.#maxMessages || this.#textBytes + bytes > this.#maxBytes
    if (isFull || typeof payload !== 'string') this.flush()
    if (typeof payload !== 'string') return this.#send(payload)
    this.#texts.push(payload)
    this.#textBytes += bytes
  }

  flush(): void {
    this.#lingering = 0
    this.#lingeringBytes = 0
    const [first] = this.#texts
    if (first === undefined) return
    this.#send(this.#texts.length === 1 ? encodeData(first) : encodeBatch(this.#texts))
    this.#texts = []
    this.#textBytes = 0
  }

  lingers({ payload, bytes }: Outgoing): boolean {
    this.#lingering += 1
    this.#lingeringBytes += bytes
    return (
      typeof payload === 'string' &&
      this.#lingering < this.#maxMessages &&
      this.#lingeringBytes < this.#maxBytes
    )
  }
}

/** Returns the text of a BATCH frame: the lengths of the messages in UTF-16 units, and the messages behind each other. */
export function encodeBatch(payloads: readonly string[]): string {
  return `${dle}M${payloads.map(({ length }) => length).join(',')};${payloads.join('')}`
}

function decodeBatch(body: string): Batch | undefined {
  const payloads: string[] = []
  const head = body.indexOf(';')
  let at = head + 1
  let length = 0
  let digits = 0
  for (let from = 0; from <= head; from += 1) {
    const code = body.charCodeAt(from)
    if (code > 47 && code < 58) {
      length = length * 10 + code - 48
      digits += 1
    } else {
      // Only the canonical form of a number is as long as the one that is written again.
      if (String(length).length !== digits || !',;'.includes(body.charAt(from))) return undefined
      payloads.push(body.slice(at, (at += length)))
      length = digits = 0
    }
  }
  return head > 0 && at === body.length && payloads.length <= mostMessages
    ? { kind: 'batch', payloads }
    : undefined
}
