import { backoffDelayMs, defaults } from 'holdfast'

/** How long a library waits before retry `n`, from 0 on, in milliseconds. */
export interface BackoffPolicy {
  readonly name: string
  /** Makes the delays of one client; `random` gives numbers in [0, 1). */
  client(random: () => number): (retry: number) => number
}

const steps = (delays: readonly number[]) => () => (retry: number) =>
  delays[Math.min(retry, delays.length - 1)] ?? 0

/** The delays of each library as its documentation or source states them, for what comes out of the box. */
export const backoffPolicies: readonly BackoffPolicy[] = [
  {
    name: 'holdfast',
    client: (random) => (retry) => backoffDelayMs(defaults.backoff, retry, random),
  },
  {
    // The shortest delay is drawn once, for all sockets of a process: here each client is a process.
    name: 'reconnecting-websocket',
    client: (random) => {
      const min = 1_000 + random() * 4_000
      return (retry) => (retry === 0 ? 0 : Math.min(10_000, min * 1.3 ** (retry - 1)))
    },
  },
  { name: 'partysocket', client: () => (retry) => Math.min(10_000, 3_000 * 1.3 ** retry) },
  {
    name: 'socket.io',
    client: (random) => (retry) => Math.min(5_000, 1_000 * 2 ** retry * (0.5 + random())),
  },
  {
    name: 'centrifuge',
    client: (random) => (retry) => Math.min(20_000, 500 + random() * Math.min(20_000, 500 * 2 ** retry)),
  },
  { name: 'phoenix', client: steps([10, 50, 100, 150, 200, 250, 500, 1_000, 2_000, 5_000]) },
  { name: 'signalr', client: steps([0, 2_000, 10_000, 30_000, Number.POSITIVE_INFINITY]) },
  {
    name: 'graphql-ws',
    client: (random) => (retry) =>
      retry < 5 ? 1_000 * 2 ** retry + 300 + random() * 2_700 : Number.POSITIVE_INFINITY,
  },
]

/** How the clients of a simulated outage came back. */
export interface SimulatedReturn {
  /** Dials for each client while the server was away. */
  readonly dials: number
  /** Most that came in any 100 ms after the end, as a part of all. */
  readonly worstShare: number
  /** When half of them were back, after the end of the outage; `Infinity` when fewer came at all. */
  readonly halfBackMs: number
}

/** Lets clients lose their server at 0 ms and find it again after `outageMs`. Failed attempts take no time. */
export function simulateReturn(
  policy: BackoffPolicy,
  { clients, outageMs, random }: { clients: number; outageMs: number; random: () => number },
): SimulatedReturn {
  let dials = 0
  const back: number[] = []
  for (let client = 0; client < clients; client += 1) {
    const delay = policy.client(random)
    let atMs = 0
    for (let retry = 0; atMs < outageMs; retry += 1) {
      // No time at all for a delay of 0 would try for ever.
      atMs += Math.max(1, delay(retry))
      if (atMs < outageMs) dials += 1
    }
    if (atMs < Number.POSITIVE_INFINITY) back.push(atMs - outageMs)
  }
  const sorted = back.sort((a, b) => a - b)
  return {
    dials: dials / clients,
    worstShare: worstOf(sorted, 100) / clients,
    halfBackMs: sorted[Math.ceil(clients / 2)] ?? Number.POSITIVE_INFINITY,
  }
}

/** Tells the most of sorted times that lie within any window of this length. */
export function worstOf(sorted: readonly number[], windowMs: number): number {
  let worst = 0
  let from = 0
  for (const [index, time] of sorted.entries()) {
    while (time - (sorted[from] ?? time) >= windowMs) from += 1
    worst = Math.max(worst, index - from + 1)
  }
  return worst
}
