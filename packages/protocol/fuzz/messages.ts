import { type Outgoing, type Payload, utf8Bytes } from '../src/index.ts'

/** A message of an honest end: its number says everything about it. */
export interface Numbered extends Outgoing {
  readonly number: number
}

/** Returns message `number`: text, text that has to be escaped, or bytes. */
export function message(number: number): Numbered {
  const payload = payloadOf(number)
  return {
    number,
    payload,
    bytes: typeof payload === 'string' ? utf8Bytes(payload) : payload.byteLength,
  }
}

function payloadOf(number: number): Payload {
  if (number % 5 === 0) return `\u0010${number}`
  if (number % 7 === 0) return Uint8Array.from(String(number), (digit) => digit.charCodeAt(0))
  return `${number}`
}

/** Tells whether this is message `number`, as text or bytes like it was sent. */
export function isMessage(number: number, payload: Payload): boolean {
  const sent = payloadOf(number)
  if (typeof sent === 'string' || typeof payload === 'string') return sent === payload
  return sent.byteLength === payload.byteLength && sent.every((byte, at) => byte === payload[at])
}
