import {
  type Frame,
  clientFrames,
  decodeText,
  encodeBatch,
  encodeControl,
  encodeText,
  serverFrames,
  utf8Bytes,
} from '../src/index.ts'
import { Random } from '../sim/random.ts'
import { hold, holdUnpolluted } from './broken.ts'
import { makeFrame, noHints } from './frame-maker.ts'
import { type Tally, type World, count } from './fuzz-case.ts'
import { mutateFrame } from './mutate-frame.ts'
import { oddText } from './odd-values.ts'

const number = '(0|[1-9][0-9]{0,15})'
const counts = {
  A: new RegExp(`^${number},${number}$`),
  P: new RegExp(`^${number},${number},${number}$`),
} as const

/** Tells by other means than the decoder whether ACK, PING and PONG are right. */
function isCounts(text: string): boolean {
  const found = (text.charAt(1) === 'A' ? counts.A : counts.P).exec(text.slice(2))
  return found !== null && found.slice(1).every((digits) => Number.isSafeInteger(Number(digits)))
}

function holdNoPrototype(value: unknown): void {
  if (typeof value !== 'object' || value === null) return
  if (!Array.isArray(value)) hold(Object.getPrototypeOf(value) === null, 'a foreign value has a prototype')
  hold(!Object.hasOwn(value, '__proto__'), 'a foreign value has a member __proto__')
  for (const member of Object.values(value)) holdNoPrototype(member)
}

/** What either end may receive. */
const allFrames = { ...clientFrames, ...serverFrames }

const rewritten = (frame: Frame): string =>
  frame.kind === 'batch' ? encodeBatch(frame.payloads) : encodeControl(frame)

function holdRoundTrip(frame: Frame): void {
  const text = rewritten(frame)
  // A lone surrogate was one character and is six when it is written again: then the frame may have become too large.
  if (utf8Bytes(text) > 16_384 && frame.kind !== 'batch') return
  const again = decodeText(text, allFrames)
  hold(typeof again !== 'string' && again.kind !== 'violation', 'what was decoded and encoded is a violation')
  hold(rewritten(again) === text, 'what was decoded and encoded is decoded otherwise')
}

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  return 1 + Math.max(0, ...Object.values(value).map(depthOf))
}

/** What was taken for a frame has the size and depth of one. */
function holdBounded(text: string): void {
  if ('APQM'.includes(text.charAt(1))) return
  hold(new TextEncoder().encode(text).byteLength <= 16_384, 'a frame is taken that is too large')
  hold(depthOf(JSON.parse(text.slice(2))) <= 4, 'a frame is taken that nests too deep')
}

/** Text that nobody well-meaning sends, into the decoder. */
export class DecoderWorld implements World {
  readonly #random: Random
  readonly #tally: Tally
  frames = 0
  lastFrame = ''

  constructor(seed: number, tally: Tally) {
    this.#random = new Random(seed)
    this.#tally = tally
  }

  step(): void {
    const random = this.#random
    const text = random.chance(0.05) ? oddText(random) : mutateFrame(random, makeFrame(random, noHints))
    this.lastFrame = text
    this.frames += 1
    const frame = decodeText(text, allFrames)
    holdUnpolluted()
    if (typeof frame === 'string') {
      hold(encodeText(frame) === text, 'data is not what was sent')
      count(this.#tally, 'decoder: data')
      return
    }
    hold(text.startsWith('\u0010') && !text.startsWith('\u0010\u0010'), 'data was taken for control')
    if ('APQ'.includes(text.charAt(1) || '?'))
      hold((frame.kind !== 'violation') === isCounts(text), 'counts are taken that are none, or refused')
    if (frame.kind === 'hello' || frame.kind === 'refresh') holdNoPrototype(frame.auth)
    if (frame.kind !== 'violation') {
      holdBounded(text)
      holdRoundTrip(frame)
    }
    count(this.#tally, frame.kind === 'violation' ? 'decoder: violation' : 'decoder: frame')
  }

  finish(): void {
    holdUnpolluted()
  }
}
