import { jsonBounds, parseObject } from './bounded-json.ts'
import { readNumbers } from './canonical.ts'
import { readBye, readError, readGoAway, writeBye, writeError, writeGoAway } from './endings.ts'
import type { ControlFrame, Violation } from './frame.ts'
import { readHello, writeHello } from './hello.ts'
import { Members } from './members.ts'
import { utf8Bytes } from './utf8-bytes.ts'
import { readWelcome, writeWelcome } from './welcome.ts'

/** The one reserved first character, U+0010 (DLE). JSON text cannot begin with it. */
export const dle = '\u0010'
const dleCode = 16

/** Returns a text payload as it goes on the wire: verbatim, or with one DLE more when it begins with DLE. */
export function encodeText(payload: string): string {
  return payload.charCodeAt(0) === dleCode ? dle + payload : payload
}

/**
 * Reads a text message: data comes back as the payload string itself, so that the usual case allocates nothing; control
 * text as a frame; everything else as a violation. Never throws.
 */
export function decodeText(text: string): string | ControlFrame | Violation {
  if (text.charCodeAt(0) !== dleCode) return text
  if (text.charCodeAt(1) === dleCode) return text.slice(1)
  return decodeControl(text)
}

/** Returns the text of a control frame. */
export function encodeControl(frame: ControlFrame): string {
  switch (frame.kind) {
    case 'ack':
      return `${dle}A${frame.ack},${frame.tx}`
    case 'ping':
      return `${dle}P${frame.ack},${frame.tx},${frame.value}`
    case 'pong':
      return `${dle}Q${frame.ack},${frame.tx},${frame.value}`
    case 'hello':
      return `${dle}H${JSON.stringify(writeHello(frame))}`
    case 'welcome':
      return `${dle}W${JSON.stringify(writeWelcome(frame))}`
    case 'goaway':
      return `${dle}G${JSON.stringify(writeGoAway(frame))}`
    case 'bye':
      return `${dle}B${JSON.stringify(writeBye(frame))}`
    case 'error':
      return `${dle}E${JSON.stringify(writeError(frame))}`
    case 'refresh':
      return `${dle}R${JSON.stringify({ auth: frame.auth })}`
  }
  return `${dle}X${JSON.stringify({ exp: frame.expiresMs })}`
}

type Reader = (members: Members) => ControlFrame

const jsonReaders: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ['H', readHello],
  ['W', readWelcome],
  ['G', readGoAway],
  ['B', readBye],
  ['E', readError],
  ['R', (members) => ({ kind: 'refresh', auth: members.value('auth') })],
  ['X', (members) => ({ kind: 'expiry', expiresMs: members.natural('exp') })],
])

function violation(what: Violation['what'], detail: string): Violation {
  return { kind: 'violation', what, detail }
}

function decodeControl(text: string): ControlFrame | Violation {
  const letter = text.charAt(1)
  if (letter === 'A') {
    const [ack, tx] = readNumbers(text, 2, 2) ?? []
    return ack === undefined || tx === undefined ? violation('number', 'A: ack,tx') : { kind: 'ack', ack, tx }
  }
  if (letter === 'P' || letter === 'Q') {
    const [ack, tx, value] = readNumbers(text, 2, 3) ?? []
    if (ack === undefined || tx === undefined || value === undefined)
      return violation('number', `${letter}: ack,tx,n`)
    return { kind: letter === 'P' ? 'ping' : 'pong', ack, tx, value }
  }
  const read = jsonReaders.get(letter)
  return read === undefined ? violation('letter', 'no such control frame') : decodeJson(text, letter, read)
}

function decodeJson(text: string, letter: string, read: Reader): ControlFrame | Violation {
  if (text.length > jsonBounds.maxBytes || utf8Bytes(text) > jsonBounds.maxBytes) {
    return violation('size', `${letter}: more than ${jsonBounds.maxBytes} bytes`)
  }
  const parsed = parseObject(text, 2)
  if (typeof parsed === 'string') return violation('json', `${letter}: ${parsed}`)
  const members = new Members(parsed)
  const frame = read(members)
  return members.fault === undefined ? frame : violation('member', `${letter}: ${members.fault}`)
}
