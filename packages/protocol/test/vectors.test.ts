import { describe, expect, test } from 'vitest'
import { encodeBatch } from '../src/batch.ts'
import { encodeControl, encodeText } from '../src/codec.ts'
import type { ControlFrame } from '../src/frame.ts'
import { utf8Bytes } from '../src/utf8-bytes.ts'
import batch from '../vectors/batch.json' with { type: 'json' }
import control from '../vectors/control.json' with { type: 'json' }
import data from '../vectors/data.json' with { type: 'json' }
import decodeOnly from '../vectors/decode-only.json' with { type: 'json' }
import violations from '../vectors/violations.json' with { type: 'json' }
import { decode } from './pair.ts'

/** Objects without a prototype compare equal to literals once both are plain JSON. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

describe('golden vectors', () => {
  test.each(data.cases)('data $wire', ({ payload, wire, bytes }) => {
    expect(encodeText(payload)).toBe(wire)
    expect(decode(wire)).toBe(payload)
    expect(utf8Bytes(payload)).toBe(bytes)
  })

  test.each(control.cases)('control $wire', ({ wire, frame }) => {
    expect(plain(decode(wire))).toEqual(frame)
    expect(encodeControl(frame as unknown as ControlFrame)).toBe(wire)
  })

  test.each(batch.cases)('batch $wire', ({ wire, payloads }) => {
    expect(decode(wire)).toEqual({ kind: 'batch', payloads })
    expect(encodeBatch(payloads)).toBe(wire)
  })

  test.each(decodeOnly.cases)('$name', ({ wire, frame }) => {
    expect(plain(decode(wire))).toEqual(frame)
  })

  test.each(violations.cases)('violation: $name', ({ wire, what }) => {
    expect(decode(wire)).toMatchObject({ kind: 'violation', what })
  })
})
