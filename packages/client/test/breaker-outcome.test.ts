import { describe, expect, it } from 'vitest'
import { type Outcome, outcomeOf } from '../src/breaker/index.ts'
import type { Cause } from '../src/index.ts'

const refused = (status: number): Cause => ({ kind: 'refused', status, headers: {} })
const closed = (code: number): Cause => ({ kind: 'server-close', code, reason: '', wasClean: true })

const rows: readonly (readonly [Outcome, readonly Cause[]])[] = [
  [
    'failure',
    [
      { kind: 'unreachable' },
      { kind: 'lost' },
      { kind: 'liveness', silentMs: 1 },
      { kind: 'timeout', phase: 'dial', limitMs: 1 },
      { kind: 'timeout', phase: 'hello', limitMs: 1 },
      { kind: 'attempts-exhausted', attempts: 1 },
      ...[500, 502, 503, 504, 408, 429].map(refused),
      ...[1001, 1002, 1005, 1006, 1011, 1012, 1013, 1014, 4000, 4408, 4429, 4500, 4503].map(closed),
    ],
  ],
  [
    'success',
    [
      ...[200, 301, 400, 401, 403, 404, 409, 426, 451].map(refused),
      ...[1000, 1003, 1007, 1008, 1009, 1010, 3000, 3003, 4401, 4403, 4409].map(closed),
    ],
  ],
  [
    'ignored',
    [
      { kind: 'timeout', phase: 'admit', limitMs: 1 },
      { kind: 'timeout', phase: 'resolve', limitMs: 1 },
      { kind: 'failed', phase: 'hello' },
      { kind: 'unauthorized', phase: 'resolve' },
      { kind: 'forbidden', name: 'SecurityError' },
      { kind: 'not-admitted', by: 'somebody', retryAfterMs: 1 },
      { kind: 'paused', label: '' },
      { kind: 'reconnect' },
      { kind: 'credentials' },
      { kind: 'wake', signal: 'online' },
      { kind: 'hidden' },
      { kind: 'pagehide' },
      { kind: 'idle', idleMs: 1 },
      { kind: 'max-lifetime', ageMs: 1 },
      { kind: 'closed', code: 1000, reason: '' },
      { kind: 'disposed' },
      { kind: 'aborted' },
    ],
  ],
]

describe.each(rows)('outcomeOf() says %s', (outcome, causes) => {
  it.each(causes.map((cause) => [JSON.stringify(cause), cause] as const))('for %s', (_, cause) => {
    expect(outcomeOf(cause)).toBe(outcome)
  })
})
