import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { batching, encodeBatch } from '../src/batch.ts'
import type { Outgoing, Payload } from '../src/outgoing.ts'
import { type ClientAction, batchDefaults, ClientCore, resolveClientOptions } from '../src/index.ts'
import { utf8Bytes } from '../src/utf8-bytes.ts'
import { decode, drain, type Note } from './pair.ts'

const note = (payload: Payload): Outgoing => ({
  payload,
  bytes: typeof payload === 'string' ? utf8Bytes(payload) : payload.byteLength,
})

/** Puts payloads through a packer and gives the frames that come out. */
function packed(
  payloads: readonly Payload[],
  options: Parameters<typeof batching>[0] = {},
  most = 1_000,
): Payload[] {
  const frames: Payload[] = []
  const packer = batching(options)((frame) => frames.push(frame), most)
  for (const payload of payloads) packer.put(note(payload))
  packer.flush()
  return frames
}

/** Reads frames as the other end does. */
function read(frames: readonly Payload[]): Payload[] {
  return frames.flatMap((frame) => {
    const decoded = typeof frame === 'string' ? decode(frame) : frame
    if (typeof decoded === 'string' || decoded instanceof Uint8Array) return [decoded]
    return decoded.kind === 'batch' ? [...decoded.payloads] : [decoded.kind]
  })
}

describe('a packer', () => {
  test('puts texts into one frame, and one text alone into a frame of its own', () => {
    expect(packed(['a', 'bc'])).toEqual(['\u0010M1,2;abc'])
    expect(packed(['a'])).toEqual(['a'])
    expect(packed(['\u0010A'])).toEqual(['\u0010\u0010A'])
    expect(packed([])).toEqual([])
  })

  test('sends what it has before a binary message, which goes alone', () => {
    const bytes = new Uint8Array([1])
    expect(packed(['a', 'b', bytes, 'c'])).toEqual(['\u0010M1,1;ab', bytes, 'c'])
  })

  test('begins a new frame at its bounds, and at the largest message of the other end', () => {
    expect(packed(['a', 'b', 'c'], { maxMessages: 2 })).toEqual(['\u0010M1,1;ab', 'c'])
    expect(packed(['aa', 'bb', 'c'], { maxBytes: 4 })).toEqual(['\u0010M2,2;aabb', 'c'])
    expect(packed(['aa', 'bb', 'c'], {}, 3)).toEqual(['aa', '\u0010M2,1;bbc'])
    expect(packed(['aaaa', 'b'], { maxBytes: 2 })).toEqual(['aaaa', 'b'])
  })

  test('lets text wait for more until a frame is full, and binary never', () => {
    const packer = batching({ maxMessages: 3, maxBytes: 10 })(() => {}, 100)
    expect([packer.lingers(note('a')), packer.lingers(note('b')), packer.lingers(note('c'))]).toEqual([
      true,
      true,
      false,
    ])
    packer.flush()
    expect(packer.lingers(note('x'.repeat(10)))).toBe(false)
    packer.flush()
    expect(packer.lingers(note(new Uint8Array(1)))).toBe(false)
  })

  test('whatever goes in comes out at the other end, in order, in frames within the bounds', () => {
    const payload = fc.oneof(
      { weight: 4, arbitrary: fc.string({ unit: 'grapheme', maxLength: 12 }) },
      { weight: 1, arbitrary: fc.constantFrom('\u0010', '\u0010M1;', '1,2;', '') },
      { weight: 1, arbitrary: fc.uint8Array({ maxLength: 5 }) },
    )
    const bounds = fc.record({
      maxMessages: fc.integer({ min: 1, max: 6 }),
      maxBytes: fc.integer({ min: 1, max: 30 }),
    })
    fc.assert(
      fc.property(fc.array(payload, { maxLength: 30 }), bounds, (payloads, options) => {
        const frames = packed(payloads, options)
        expect(read(frames)).toEqual(payloads)
        for (const frame of frames) {
          const inside = read([frame])
          expect(inside.length).toBeLessThanOrEqual(options.maxMessages)
          const bytes = inside.reduce((sum, one) => sum + note(one).bytes, 0)
          if (inside.length > 1) expect(bytes).toBeLessThanOrEqual(options.maxBytes)
        }
      }),
    )
  })

  test('is a violation where nobody asked for it', () => {
    expect(decode(encodeBatch(Array.from({ length: 1_025 }, () => '')))).toMatchObject({ kind: 'violation' })
  })
})

describe('an end that receives a frame of several messages', () => {
  const limits = { maxBytes: 4, windowMessages: 1_024, windowBytes: 65_536 }

  /** What a client does with frames of a server, once it is live. */
  function takes(...frames: readonly string[]): ClientAction<Note>[] {
    const core = new ClientCore<Note>(
      resolveClientOptions({ cid: 'c', limits, batch: batching(batchDefaults) }),
    )
    const attempt = core.begin()
    const welcome = {
      v: 1,
      sid: 's',
      tok: 't',
      res: false,
      rx: 0,
      ack: 0,
      ping: 0,
      idle: 0,
      ttl: 1,
      spread: 0,
    }
    core.text(attempt, `\u0010W${JSON.stringify({ ...welcome, max: 4, win: [9, 9], ext: ['batch'] })}`)
    drain(core)
    for (const frame of frames) core.text(attempt, frame)
    return drain(core)
  }

  const texts = (actions: readonly ClientAction<Note>[]) =>
    actions.flatMap((action) => (action.type === 'deliver' ? [action.payload] : []))
  const sent = (actions: readonly ClientAction<Note>[]) =>
    actions.flatMap((action) => (action.type === 'send' ? [action.data] : []))

  test('delivers each, and acknowledges all of them together', () => {
    const many = Array.from({ length: 200 }, (_, n) => String(n))
    const actions = takes(encodeBatch(many))
    expect(texts(actions)).toEqual(many)
    expect(sent(actions)).toEqual(['\u0010A200,0'])
  })

  test('lets a few wait for the timer of the acknowledgement', () => {
    const actions = takes(encodeBatch(['a', 'b']))
    expect(sent(actions)).toEqual([])
    expect(actions).toContainEqual({ type: 'arm', timer: { name: 'ack', sid: 's' }, delayMs: 200 })
  })

  test('counts in bytes what is not all ASCII, and delivers nothing from the first that is too large', () => {
    expect(texts(takes(encodeBatch(['abcd', 'éé'])))).toEqual(['abcd', 'éé'])
    const actions = takes(encodeBatch(['abcd', 'ééx', 'e']))
    expect(texts(actions)).toEqual(['abcd'])
    expect(actions).toContainEqual({ type: 'lost', reason: 'too-large', detail: 'too-large' })
    const [error] = sent(actions).map((frame) => decode(frame as string))
    expect(error).toMatchObject({ kind: 'error', lost: 'too-large', n: 2, lack: 1, lrx: 1 })
  })
})
