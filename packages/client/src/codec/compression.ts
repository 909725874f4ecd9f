import { platform } from '@holdfast/lifetime'
import { tooLarge } from '../message.ts'

/** The formats that platforms know; `deflate-raw` has no header and no checksum. */
export type CompressionFormat = 'deflate-raw' | 'deflate' | 'gzip'

type Bytes = Uint8Array<ArrayBuffer>

interface Transform {
  readonly readable: {
    getReader(): {
      read(): Promise<{ readonly done: boolean; readonly value?: Bytes | undefined }>
      cancel(reason: unknown): Promise<void>
    }
  }
  readonly writable: {
    getWriter(): { write(chunk: Bytes): Promise<void>; close(): Promise<void> }
  }
}

interface Constructors {
  readonly CompressionStream: new (format: CompressionFormat) => Transform
  readonly DecompressionStream: new (format: CompressionFormat) => Transform
}

/** Platforms may inflate a whole piece before anybody looks: a piece of this size gives at most a thousand times as much. */
const PIECE_BYTES = 4_096

/** @throws TypeError when the platform has no such streams, or not of this format */
export function assertCompression(format: CompressionFormat): void {
  const { CompressionStream, DecompressionStream } = platform as unknown as Partial<Constructors>
  try {
    if (CompressionStream && DecompressionStream) return void new DecompressionStream(format)
  } catch {
    // Said below, in words that name the option.
  }
  throw new TypeError(`compressed: must run where CompressionStream knows ${format}, got a platform without`)
}

/** Compresses bytes. */
export function deflate(bytes: Bytes, format: CompressionFormat): Promise<Bytes> {
  const { CompressionStream } = platform as unknown as Constructors
  return through(new CompressionStream(format), bytes, Infinity)
}

/** Gives back what was compressed. Rejects with `message-too-large` as soon as it is more than `maxBytes`. */
export function inflate(bytes: Bytes, format: CompressionFormat, maxBytes: number): Promise<Bytes> {
  const { DecompressionStream } = platform as unknown as Constructors
  return through(new DecompressionStream(format), bytes, maxBytes)
}

async function through({ readable, writable }: Transform, bytes: Bytes, maxBytes: number): Promise<Bytes> {
  // What goes wrong on this side is told on the other one as well.
  const written = feed(writable.getWriter(), bytes).catch(() => {})
  const reader = readable.getReader()
  const pieces: Bytes[] = []
  let total = 0
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    const piece = next.value as Bytes
    total += piece.length
    if (total > maxBytes) {
      const error = tooLarge(total, maxBytes)
      await reader.cancel(error)
      throw error
    }
    pieces.push(piece)
  }
  await written
  return joined(pieces, total)
}

async function feed(writer: ReturnType<Transform['writable']['getWriter']>, bytes: Bytes): Promise<void> {
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
    await writer.write(bytes.subarray(at, at + PIECE_BYTES))
  }
  await writer.close()
}

function joined(pieces: readonly Bytes[], total: number): Bytes {
  const whole = new Uint8Array(total)
  let at = 0
  for (const piece of pieces) {
    whole.set(piece, at)
    at += piece.length
  }
  return whole
}
