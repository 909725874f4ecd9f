import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { measureHalfOpen, measureHelloDrops } from '../measure/abuse.ts'
import { measureBroadcast } from '../measure/broadcast.ts'

// Small runs of what `npm run broadcast` and `npm run abuse` measure. No times: the machine may be busy.

test('200 clients get every broadcast while one more never reads, and what waits for it is bounded', async () => {
  const folder = join(dirname(fileURLToPath(import.meta.url)), '..', 'measure')
  const figures = await measureBroadcast({ clients: 200, messages: 10, bytes: 256, everyMs: 5, folder })
  expect(figures.without).toMatchObject({ received: 2_000, fewest: 10 })
  expect(figures.withDeaf).toMatchObject({ received: 2_000, fewest: 10 })
  expect(figures.mostWaitingBytes).toBeGreaterThan(1_000_000)
  expect(figures.mostWaitingBytes).toBeLessThanOrEqual(figures.boundBytes)
})

test('a client gets its session among hundreds of handshakes that only begin, and all of those are dropped', async () => {
  const { halfOpen, longestMs } = await measureHalfOpen({ count: 300, timeoutMs: 1_500 })
  expect(halfOpen).toBeGreaterThan(0)
  for (const kind of Object.values(longestMs)) expect(kind).toBeGreaterThan(0)
})

test('of clients that say HELLO and leave only so many are remembered', async () => {
  const { dropped, sessions } = await measureHelloDrops({ count: 300, atOnce: 20, maxUnconfirmed: 100 })
  expect([dropped, sessions]).toEqual([300, 100])
})
