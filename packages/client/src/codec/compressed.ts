import { assertMethods, assertNumber, assertOneOf, fill } from '../bounds.ts'
import { bytesOf, type Incoming, isBlob, type Message } from '../message.ts'
import { andThen, type Codec, layered, type ListCodec, type MaybePromise } from './codec.ts'
import { CodecError } from './codec-error.ts'
import { assertCompression, type CompressionFormat, deflate, inflate } from './compression.ts'
import { textOf, utf8Of } from './text.ts'

/** How messages are compressed. */
export interface CompressionOptions {
  /** A message of fewer bytes is sent as it is. Default 1,024; 0: all are compressed. */
  readonly thresholdBytes: number
  /** How many bytes a message that arrives may become. Default 16,777,216. */
  readonly maxBytes: number
  /** Default `'deflate-raw'`. Both ends must use the same. */
  readonly format: CompressionFormat
}

/** The first byte of every binary message: what follows it. Text messages are sent as they are. */
export const marks = { binary: 0, compressedText: 1, compressedBinary: 2 } as const

type Bytes = Uint8Array<ArrayBuffer>

/**
 * Compresses the messages of a codec with the platform's own `CompressionStream`, each by itself. Small ones, and those that
 * would not become smaller, stay as they are; every binary message gets one byte in front that says which. The other end must
 * speak the same; `docs/codecs.md` has it in a few lines for Node. Do not put a secret and text of somebody else into one
 * message: its size would tell of the secret (CRIME, BREACH).
 *
 * @throws TypeError or RangeError naming the option, the bound and the value; TypeError where the platform lacks the format
 * @example
 * const view = coded(session, compressed(json(), { thresholdBytes: 512 }))
 */
export function compressed<Out, In>(
  codec: ListCodec<Out, In>,
  options?: Partial<CompressionOptions>,
): ListCodec<Out, In>
export function compressed<Out, In>(
  codec: Codec<Out, In>,
  options?: Partial<CompressionOptions>,
): Codec<Out, In>
export function compressed<Out, In>(
  codec: Codec<Out, In>,
  raw: Partial<CompressionOptions> = {},
): Codec<Out, In> {
  assertMethods('compressed.codec', codec, ['encode', 'decode'])
  const { thresholdBytes = 1_024, ...others } = raw
  const preset: Omit<CompressionOptions, 'thresholdBytes'> = { maxBytes: 16_777_216, format: 'deflate-raw' }
  const options = { ...fill('compressed', others, preset), thresholdBytes }
  assertNumber('compressed.thresholdBytes', thresholdBytes, 0)
  assertOneOf('compressed.format', options.format, ['deflate-raw', 'deflate', 'gzip'])
  assertCompression(options.format)
  const pack = (message: Message) => packed(message, options)
  const unpack = (message: Incoming) => unpacked(message, options)
  const { encodeAll, decodeAll } = codec
  return layered(codec, {
    encode: (value) => andThen(codec.encode(value), pack),
    decode: (message) => andThen(unpack(message), (inner) => codec.decode(inner)),
    ...(encodeAll && { encodeAll: (values) => andThen(encodeAll.call(codec, values), pack) }),
    ...(decodeAll && {
      decodeAll: (message) => andThen(unpack(message), (inner) => decodeAll.call(codec, inner)),
    }),
  })
}

async function read(blob: { arrayBuffer(): Promise<ArrayBuffer> }): Promise<Bytes> {
  return new Uint8Array(await blob.arrayBuffer())
}

function packed(message: Message, options: CompressionOptions): MaybePromise<Message> {
  if (typeof message === 'string') {
    // A character is at most three bytes: what is surely small need not be looked at.
    if (message.length * 3 < options.thresholdBytes) return message
    const bytes = utf8Of(message)
    if (bytes.length < options.thresholdBytes) return message
    return smaller(bytes, marks.compressedText, options).then((found) => found ?? message)
  }
  if (isBlob(message)) return read(message).then((bytes) => packed(bytes, options))
  const bytes = bytesOf(ArrayBuffer.isView(message) ? message : new Uint8Array(message))
  if (bytes.length < options.thresholdBytes) return marked(marks.binary, bytes)
  return smaller(bytes, marks.compressedBinary, options).then((found) => found ?? marked(marks.binary, bytes))
}

/** Compresses, or gives `undefined` when nothing is won. */
async function smaller(
  bytes: Bytes,
  mark: number,
  { format }: CompressionOptions,
): Promise<Bytes | undefined> {
  const found = await deflate(bytes, format)
  return found.length + 1 < bytes.length ? marked(mark, found) : undefined
}

function marked(mark: number, bytes: Bytes): Bytes {
  const whole = new Uint8Array(bytes.length + 1)
  whole[0] = mark
  whole.set(bytes, 1)
  return whole
}

function unpacked(message: Incoming, { format, maxBytes }: CompressionOptions): MaybePromise<Incoming> {
  if (typeof message === 'string') return message
  const [mark] = new Uint8Array(message, 0, Math.min(1, message.byteLength))
  const bytes = new Uint8Array(message, Math.min(1, message.byteLength))
  if (mark === marks.binary) return bytes.slice().buffer
  if (mark === marks.compressedText) return inflate(bytes, format, maxBytes).then(textOf)
  if (mark === marks.compressedBinary) return inflate(bytes, format, maxBytes).then(({ buffer }) => buffer)
  throw new CodecError('codec-failed', 'decode', `compressed: first byte 0, 1 or 2, got ${mark ?? 'no byte'}`)
}
