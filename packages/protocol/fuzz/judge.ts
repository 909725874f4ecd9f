import { type Frame, type Payload, type Violation, decodeText, utf8Bytes } from '../src/index.ts'

type Shapes = Parameters<typeof decodeText>[1]

/** What an attacker's frame on a connection in use is measured with. */
export interface Standing {
  /** Frames that may come, and of those the ones that may come here. */
  readonly shapes: Shapes
  readonly kinds: readonly Frame['kind'][]
  readonly maxBytes: number
  /** Last message accepted. */
  readonly rx: number
  /** Newest message sent or waiting, and the last that was acknowledged. */
  readonly tx: number
  readonly acked: number
}

/** Names a violation that can be told without knowing how the core works; a frame that gets `undefined` may still be one. */
export function violationIn(data: Payload, standing: Standing): string | undefined {
  if (typeof data !== 'string') return data.byteLength > standing.maxBytes ? 'size' : undefined
  const frame = decodeText(data, standing.shapes)
  if (typeof frame === 'string') return utf8Bytes(frame) > standing.maxBytes ? 'size' : undefined
  return violationOf(frame, standing)
}

function violationOf(frame: Frame | Violation, standing: Standing): string | undefined {
  if (frame.kind === 'violation') return `malformed ${frame.what}`
  if (!standing.kinds.includes(frame.kind)) return `${frame.kind} out of place`
  if (!('tx' in frame)) return undefined
  if (frame.tx !== standing.rx) return 'desync'
  return frame.ack < standing.acked || frame.ack > standing.tx ? 'badack' : undefined
}
