import { jsonBounds, parseObject } from './bounded-json.ts'
import { readNumbers } from './canonical.ts'
import type { Ack, Beat, ControlFrame, Frame, Violation } from './frame.ts'
import type { Payload } from './outgoing.ts'
import { type Shapes, pickMembers } from './shape.ts'
import { utf8Bytes } from './utf8-bytes.ts'

/** The one reserved first character, U+0010 (DLE). JSON text cannot begin with it. */
export const dle = '\u0010'
const dleCode = 16

const letters: Readonly<Record<ControlFrame['kind'], string>> = {
  hello: 'H',
  welcome: 'W',
  ack: 'A',
  ping: 'P',
  pong: 'Q',
  goaway: 'G',
  bye: 'B',
  error: 'E',
  refresh: 'R',
  expiry: 'X',
}

/** Returns a text payload as it goes on the wire: verbatim, or with one DLE more when it begins with DLE. */
export function encodeText(payload: string): string {
  return payload.charCodeAt(0) === dleCode ? dle + payload : payload
}

/** Returns a payload as it goes on the wire. */
export function encodeData(payload: Payload): Payload {
  return typeof payload === 'string' ? encodeText(payload) : payload
}

/** Returns the text of a control frame; a BATCH has a function of its own, which only who uses it loads. */
export function encodeControl(frame: ControlFrame): string {
  const { kind, ...members } = frame
  const body = 'tx' in frame ? countsOf(frame) : JSON.stringify(members)
  return dle + letters[kind] + body
}

function countsOf(frame: Ack | Beat): string {
  const { ack, tx } = frame
  return frame.kind === 'ack' ? `${ack},${tx}` : `${ack},${tx},${frame.n}`
}

/**
 * Reads a text message: data comes back as the payload string itself, so that the usual case allocates nothing; control
 * text as a frame; everything else as a violation. `shapes` are the JSON frames that may come. Never throws.
 */
export function decodeText(text: string, shapes: Shapes): string | Frame | Violation {
  if (text.charCodeAt(0) !== dleCode) return text
  if (text.charCodeAt(1) === dleCode) return text.slice(1)
  const letter = text.charAt(1)
  const body = text.slice(2)
  if (letter === 'A' || letter === 'P' || letter === 'Q') return decodeCounts(letter, body)
  return decodeShaped(letter, body, shapes)
}

function violation(what: Violation['what'], detail: string): Violation {
  return { kind: 'violation', what, detail }
}

function decodeCounts(letter: 'A' | 'P' | 'Q', body: string): Ack | Beat | Violation {
  const [ack, tx, n] = readNumbers(body) ?? []
  if (ack === undefined || tx === undefined || (n === undefined) !== (letter === 'A'))
    return violation('number', letter)
  return n === undefined ? { kind: 'ack', ack, tx } : { kind: letter === 'P' ? 'ping' : 'pong', ack, tx, n }
}

function decodeShaped(letter: string, body: string, shapes: Shapes): Frame | Violation {
  const shape = Object.hasOwn(shapes, letter) ? shapes[letter] : undefined
  if (shape === undefined) return violation('letter', 'no such frame here')
  if (shape.read !== undefined) return shape.read(body) ?? violation('number', letter)
  // The length is looked at first: it is known, and never more than the bytes.
  const room = jsonBounds.maxBytes - 2
  if (body.length > room || utf8Bytes(body) > room) return violation('size', letter)
  const parsed = parseObject(body)
  if (parsed === undefined) return violation('json', letter)
  const frame = pickMembers(parsed, shape)
  return typeof frame === 'string' ? violation('member', `${letter}.${frame}`) : frame
}
