// When the load has ended: until what is on its way has come to its end.
const PATIENCE_MS = 60_000
const CALM_MS = 1_500

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

/** Waits until every client has its answers, and no more messages come. */
export async function drained({ journal }, clients) {
  const deadline = performance.now() + PATIENCE_MS
  const settled = clients.flatMap(({ sent }) => sent.map(({ receipt }) => receipt.settled))
  const tooLong = new Promise((resolve) => setTimeout(resolve, deadline - performance.now()).unref())
  await Promise.race([Promise.all(settled), tooLong])
  for (let before = -1, now = 0; now !== before && performance.now() < deadline; ) {
    before = now
    await pause(CALM_MS)
    now = clients.reduce((sum, { received }) => sum + received.length, 0) + journal.events.length
  }
}
