import { type ControlFrame, type LossReason, encodeBatch, encodeControl } from '../src/index.ts'
import { closeCode } from '../src/close-code.ts'
import type { Random } from '../sim/random.ts'
import { oddText, oneOf } from './odd-values.ts'

const lossReasons: readonly [LossReason, ...LossReason[]] = [
  'unknown',
  'expired',
  'principal',
  'token',
  'diverged',
  'too-large',
  'ended',
  'overflow',
  'protocol',
  'desync',
  'badack',
]

/** What the maker of frames knows of the session it speaks about, so that its frames are nearly right. */
export interface Hints {
  readonly sids: readonly string[]
  readonly tokens: readonly string[]
  /** The largest count in use. */
  readonly count: number
  readonly attempt: number
}

/** Knows nothing. */
export const noHints: Hints = { sids: [], tokens: [], count: 3, attempt: 1 }

function named(random: Random, known: readonly string[]): string {
  const [first, ...more] = known
  if (first === undefined || random.chance(0.2)) return `evil-${random.between(0, 9)}`
  return oneOf(random, [first, ...more])
}

/** Mostly a count near the real ones. */
function count(random: Random, { count }: Hints): number {
  if (random.chance(0.02)) return Number.MAX_SAFE_INTEGER
  return random.chance(0.8) ? random.between(Math.max(0, count - 1), count + 1) : random.between(0, count + 9)
}

function limits(random: Random): { readonly max: number; readonly win: readonly number[] } {
  const max = random.pick(1, 16, 1_024, 65_536, Number.MAX_SAFE_INTEGER)
  const messages = random.pick(1, 2, 8, 1_024, Number.MAX_SAFE_INTEGER)
  return { max, win: [messages, Math.max(max, random.pick(64, 65_536))] }
}

/** Two counts of which the first is not larger. */
function pair(random: Random, hints: Hints): { readonly low: number; readonly high: number } {
  const high = count(random, hints)
  return { low: Math.min(high, count(random, hints)), high }
}

type Maker = (random: Random, hints: Hints) => ControlFrame

const hello: Maker = (random, hints) => {
  const isNew = random.chance(0.3)
  const { low, high } = isNew && random.chance(0.8) ? { low: 0, high: 0 } : pair(random, hints)
  return {
    kind: 'hello',
    v: random.pick([1], [1, 2], [2], [0, 1]),
    sid: isNew ? null : named(random, hints.sids),
    tok: isNew ? null : named(random, hints.tokens),
    att: random.pick(1, hints.attempt, hints.attempt + 1, hints.attempt + 1_000, 2 ** 52),
    rx: high,
    ack: low,
    ...limits(random),
    auth: random.pick<unknown>(undefined, 'secret', { token: 'x' }, null, [1]),
    cid: 'fuzz',
    ext: random.pick([], ['auth'], ['auth', 'batch', 'later']),
    proto: random.pick([], ['app.v1']),
  }
}

const welcome: Maker = (random, hints) => {
  const isResumed = random.chance(0.5)
  const { low, high } = isResumed ? pair(random, hints) : { low: 0, high: 0 }
  const last = pair(random, hints)
  return {
    kind: 'welcome',
    v: 1,
    sid: named(random, hints.sids),
    tok: named(random, hints.tokens),
    res: isResumed,
    ...(random.chance(0.5) ? { lost: oneOf(random, lossReasons) } : {}),
    ...(random.chance(0.3) ? { lack: last.low, lrx: last.high } : {}),
    rx: high,
    ack: low,
    ping: random.pick(0, 1_000, 20_000, 3_600_000),
    idle: random.pick(0, 1_000, 60_000),
    ttl: random.pick(0, 300_000, 604_800_000),
    spread: random.pick(0, 3_600_000),
    ...limits(random),
    ext: random.pick([], ['auth'], ['batch', 'auth']),
    ...(random.chance(0.2) ? { proto: 'app.v1' } : {}),
    ...(random.chance(0.2) ? { exp: count(random, hints) } : {}),
  }
}

const ack: Maker = (random, hints) => ({
  kind: 'ack',
  ack: count(random, hints),
  tx: count(random, hints),
})

const beat: Maker = (random, hints) => ({
  kind: random.pick('ping', 'pong'),
  ack: count(random, hints),
  tx: count(random, hints),
  n: random.pick(0, 7, Number.MAX_SAFE_INTEGER),
})

const goAway: Maker = (random) => ({
  kind: 'goaway',
  after: random.pick(0, 1_000),
  spread: random.pick(0, 3_600_000),
  why: random.pick('deploy', '\r\n\u001b[31m'),
})

const bye: Maker = (random, hints) => {
  const { low, high } = pair(random, hints)
  return { kind: 'bye', code: random.pick(1_000, 4_000, 4_999), ack: low, rx: high }
}

const codes = Object.values(closeCode)

const error: Maker = (random, hints) => {
  const { low, high } = pair(random, hints)
  return {
    kind: 'error',
    code: oneOf(random, [1_000, ...codes]),
    ...(random.chance(0.3) ? { retry: random.pick(0, 5_000, Number.MAX_SAFE_INTEGER) } : {}),
    ...(random.chance(0.3) ? { msg: 'no \u202e reason' } : {}),
    ...(random.chance(0.5) ? { end: random.chance(0.7) } : {}),
    ...(random.chance(0.5) ? { lost: oneOf(random, lossReasons) } : {}),
    ...(random.chance(0.5) ? { lack: low, lrx: high } : {}),
    ...(random.chance(0.2) ? { n: count(random, hints) } : {}),
    ...(random.chance(0.3) ? { att: random.pick(0, hints.attempt, hints.attempt + 9, 2 ** 52) } : {}),
  }
}

const refresh: Maker = (random) => ({
  kind: 'refresh',
  auth: random.pick<unknown>('fresh', null, { a: { b: 1 } }, 7),
})
const expiry: Maker = (random, hints) => ({ kind: 'expiry', exp: count(random, hints) })

const makers: readonly [Maker, ...Maker[]] = [
  hello,
  hello,
  welcome,
  welcome,
  ack,
  ack,
  beat,
  goAway,
  bye,
  error,
  refresh,
  expiry,
]

/** Returns a well-formed control frame of any kind, as text, with counts that may well be wrong. */
export function makeFrame(random: Random, hints: Hints): string {
  if (random.chance(0.1)) return makeBatch(random)
  return encodeControl(oneOf(random, makers)(random, hints))
}

/** Returns messages in one frame; now and then one whose lengths are odd. */
function makeBatch(random: Random): string {
  const payloads = Array.from({ length: random.pick(1, 2, 3, 20, 1_100) }, () => oddText(random).slice(0, 40))
  const frame = encodeBatch(payloads)
  return random.chance(0.7)
    ? frame
    : frame.replace(/\d+/, random.pick('0', '01', '-1', '1e1', '', '9007199254740993', '1,', '99'))
}

/** Returns a HELLO or a WELCOME. */
export function makeOpening(random: Random, hints: Hints, kind: 'hello' | 'welcome'): string {
  return encodeControl((kind === 'hello' ? hello : welcome)(random, hints))
}

/** Returns a data message. */
export function makeData(random: Random): string | Uint8Array {
  if (random.chance(0.3)) return new Uint8Array(random.chance(0.02) ? 70_000 : random.between(0, 40))
  const text = oddText(random)
  return text.startsWith('\u0010') ? `\u0010${text}` : text
}
