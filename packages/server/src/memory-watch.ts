import type { Clock } from '@holdfast/lifetime'

/** A look at the memory costs a system call, and a crowd comes faster than memory grows. */
const FRESH_MS = 250

/** Gives a function that tells whether this process uses more resident memory than it may. */
export function watchMemory(
  maxBytes: number,
  clock: Clock,
  residentBytes: () => number = () => process.memoryUsage.rss(),
): () => boolean {
  if (maxBytes === Number.POSITIVE_INFINITY) return () => false
  let lookedAtMs = Number.NEGATIVE_INFINITY
  let bytes = 0
  return () => {
    const nowMs = clock.monotonicMs()
    if (nowMs - lookedAtMs >= FRESH_MS) {
      lookedAtMs = nowMs
      bytes = residentBytes()
    }
    return bytes > maxBytes
  }
}
