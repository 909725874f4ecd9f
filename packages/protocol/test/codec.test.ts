import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { encodeControl, encodeText } from '../src/codec.ts'
import type { ControlFrame } from '../src/frame.ts'
import { utf8Bytes } from '../src/utf8-bytes.ts'
import { decode } from './pair.ts'

const natural = fc.maxSafeNat()
const anyText = fc.string({ unit: 'binary' })
const lone = fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)) })

const counts = fc.record({ ack: natural, tx: natural })
const control: fc.Arbitrary<ControlFrame> = fc.oneof(
  counts.map((frame) => ({ kind: 'ack' as const, ...frame })),
  fc.record({
    kind: fc.constantFrom('ping' as const, 'pong' as const),
    ack: natural,
    tx: natural,
    n: natural,
  }),
  fc
    .tuple(natural, natural, fc.integer({ min: 1000, max: 4999 }))
    .map(([a, b, code]) => ({ kind: 'bye' as const, code, ack: Math.min(a, b), rx: Math.max(a, b) })),
  fc.record({ kind: fc.constant('expiry' as const), exp: natural }),
)

describe('the codec', () => {
  test('returns every payload as it was, lone surrogates included', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          anyText,
          lone,
          anyText.map((text) => `\u0010${text}`),
        ),
        (payload) => {
          expect(decode(encodeText(payload))).toBe(payload)
        },
      ),
    )
  })

  test('adds nothing to a payload unless it begins with DLE', () => {
    fc.assert(
      fc.property(anyText, (payload) => {
        expect(encodeText(payload).length).toBe(payload.length + (payload.startsWith('\u0010') ? 1 : 0))
      }),
    )
  })

  test('reads back every control frame it writes', () => {
    fc.assert(
      fc.property(control, (frame) => {
        expect(decode(encodeControl(frame))).toEqual(frame)
      }),
    )
  })

  test('takes any text that begins with DLE without throwing, and never as data unless DLE follows', () => {
    const letter = fc.constantFrom('A', 'P', 'Q', 'H', 'W', 'G', 'B', 'E', 'R', 'X', '', 'z')
    const body = fc.oneof(anyText, fc.json(), fc.string({ unit: fc.constantFrom('0', '9', ',', '-', ' ') }))
    fc.assert(
      fc.property(letter, body, (first, rest) => {
        const text = `\u0010${first}${rest}`
        if (typeof decode(text) === 'string') expect(text[1]).toBe('\u0010')
      }),
      { numRuns: 2_000 },
    )
  })

  test('counts bytes as an encoder would', () => {
    fc.assert(
      fc.property(fc.oneof(anyText, lone), (text) => {
        expect(utf8Bytes(text)).toBe(new TextEncoder().encode(text).byteLength)
      }),
    )
  })

  test('refuses control JSON over 16 KiB, counted in bytes', () => {
    const frame = (filler: string): string => `\u0010R{"auth":"${filler}"}`
    const room = 16_384 - frame('').length
    expect(decode(frame('x'.repeat(room)))).toMatchObject({ kind: 'refresh' })
    expect(decode(frame('x'.repeat(room + 1)))).toMatchObject({ kind: 'violation', what: 'size' })
    expect(decode(frame('é'.repeat(room / 2 + 1)))).toMatchObject({ kind: 'violation', what: 'size' })
  })

  test('hands out auth without prototypes, so that merging it pollutes nothing', () => {
    const frame = decode('\u0010R{"auth":{"__proto__":{"polluted":1},"list":[{"a":1}]}}')
    if (typeof frame === 'string' || frame.kind !== 'refresh') throw new Error('not a refresh')
    expect(Object.getPrototypeOf(frame.auth)).toBe(null)
    Object.assign({}, frame.auth)
    expect('polluted' in {}).toBe(false)
  })

  test('takes a megabyte of hostile text in one linear pass', () => {
    for (const evil of [
      '['.repeat(1 << 20),
      '1'.repeat(1 << 20),
      ','.repeat(1 << 20),
      '"\\'.repeat(1 << 19),
    ]) {
      for (const letter of 'AHP') {
        expect(decode(`\u0010${letter}${evil}`)).toMatchObject({ kind: 'violation' })
      }
    }
  })
})
