/** Tells what the process holds after garbage collection: JavaScript objects and the buffers behind them. Needs `--expose-gc`. */
export function heldBytes(): number {
  globalThis.gc?.()
  globalThis.gc?.()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

/** Tells how many bytes of JavaScript objects a run makes. Needs a young generation that is larger than that: no collection may come between. */
export async function allocated(run: () => Promise<unknown>): Promise<number> {
  globalThis.gc?.()
  const before = process.memoryUsage().heapUsed
  await run()
  return process.memoryUsage().heapUsed - before
}
