import { setTimeout as sleep } from 'node:timers/promises'

/** Calls `run` with 0, 1, 2, … so many times, one every so many milliseconds; what a busy machine delays is caught up. */
export async function atARate(count: number, everyMs: number, run: (n: number) => void): Promise<void> {
  const startedMs = performance.now()
  for (let n = 0; n < count; ) {
    const due = Math.min(count, Math.floor((performance.now() - startedMs) / everyMs) + 1)
    for (; n < due; n += 1) run(n)
    await sleep(1)
  }
}
