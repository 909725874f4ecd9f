import { describe, expect, it } from 'vitest'
import { ManualClock } from '../src/testing/index.ts'
import { sendLimit } from '../src/rate/index.ts'
import { endWithTest } from './end-with-test.ts'
import type { SocketLike } from '../src/index.ts'
import { openWorld } from './world.ts'

/** A socket that counts, and keeps nothing. */
class CountingSocket implements SocketLike {
  readyState = 0
  readonly bufferedAmount = 0
  readonly protocol = ''
  binaryType = 'arraybuffer'
  sent = 0
  readonly #opened: ((event: never) => void)[] = []

  send(): void {
    this.sent += 1
  }

  close(): void {
    this.readyState = 3
  }

  addEventListener(type: string, run: (event: never) => void): void {
    if (type === 'open') this.#opened.push(run)
  }

  removeEventListener(): void {
    this.#opened.length = 0
  }

  opens(): void {
    for (const run of this.#opened) run({} as never)
  }
}

describe('a million messages under a limit of 1,000 a second', () => {
  it('leave at the rate, within one percent, in every second', { timeout: 120_000 }, async () => {
    const clock = new ManualClock()
    const limit = endWithTest(sendLimit({ perSecond: 1_000, burst: 10, clock }))
    const socket = new CountingSocket()
    const { session } = openWorld({
      clock,
      createSocket: () => socket,
      heartbeat: false,
      plugs: [limit.plug],
    })
    await clock.advance(0)
    socket.opens()
    await clock.advance(0)
    const message = 'x'
    let [sent, seconds] = [0, 0]
    const wrong: string[] = []
    while (socket.sent < 1_000_000) {
      const before = socket.sent
      for (let part = 0; part < 10; part += 1) {
        for (; sent < 1_000_000 && session.queue.size < 200; sent += 1) session.send(message)
        await clock.advance(100)
      }
      seconds += 1
      const left = socket.sent - before
      if (socket.sent < 1_000_000 && (left < 990 || left > 1_010)) wrong.push(`second ${seconds}: ${left}`)
    }
    expect(wrong).toEqual([])
    expect(seconds).toBe(1_000)
    expect(socket.sent).toBe(1_000_000)
  })
})
