import type { Frame, Outgoing, Payload, Violation } from '../src/index.ts'
import { clientFrames, decodeText, serverFrames, utf8Bytes } from '../src/index.ts'
import type { Random } from './random.ts'

/** A message of the simulation. */
export interface Note extends Outgoing {
  readonly id: string
}

const encoder = new TextEncoder()

/** Makes a message whose content names it; a few are binary, empty-ish, or begin like a control frame. */
export function makeNote(id: string, maxBytes: number, random: Random): Note {
  const filler = 'x'.repeat(random.between(0, Math.max(0, maxBytes - id.length - 10)))
  const text =
    random.pick(id, `\u0010A${id},`, `\u0010\u0010${id}`, `${id}é`, id) + (random.chance(0.3) ? filler : '')
  const payload: Payload = random.chance(0.25) ? encoder.encode(text) : text
  return { id, payload, bytes: typeof payload === 'string' ? utf8Bytes(payload) : payload.byteLength }
}

/** Tells whether two payloads are the same. */
export function samePayload(left: Payload, right: Payload): boolean {
  if (typeof left === 'string' || typeof right === 'string') return left === right
  return left.length === right.length && left.every((byte, at) => byte === right[at])
}

const allFrames = { ...clientFrames, ...serverFrames }

/** Reads a message as an observer does who sees both directions: undefined for data. */
export function controlOf(data: Payload): Frame | Violation | undefined {
  const frame = typeof data === 'string' ? decodeText(data, allFrames) : data
  return typeof frame === 'object' && 'kind' in frame ? frame : undefined
}
