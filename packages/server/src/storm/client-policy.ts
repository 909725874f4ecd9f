/** How a client decides when to try again. */
export interface ClientPolicy {
  /** Names it in tables. */
  readonly name: string
  /** Gives the delay before retry `retry` (0, 1, 2, …) in milliseconds; `previousMs` is the delay before, 0 for the first. */
  readonly delayMs: (retry: number, random: () => number, previousMs: number) => number
  /** Gives the delay after a server said when to come again. Absent: the client does not listen to that. */
  readonly hintedMs?: (hintMs: number, random: () => number) => number
}

const LONGEST_HINT_MS = 300_000

const fullJitter = (baseMs: number, capMs: number) => (retry: number, random: () => number) =>
  random() * Math.min(capMs, baseMs * 2 ** retry)

const steps = (delaysMs: readonly number[]) => (retry: number) =>
  delaysMs[Math.min(retry, delaysMs.length - 1)] ?? 0

/**
 * The policies that can be simulated, by name. `holdfast` is what the client does with its defaults; a test holds it to that.
 * The others are what well-known clients do with theirs, or what is often written by hand.
 */
export const clientPolicies = {
  holdfast: {
    name: 'holdfast',
    delayMs: fullJitter(2_000, 30_000),
    hintedMs: (hintMs, random) => {
      const boundedMs = Math.min(hintMs, LONGEST_HINT_MS)
      return boundedMs + random() * (boundedMs / 2)
    },
  },
  'fixed-1s': { name: 'fixed-1s', delayMs: () => 1_000 },
  'exponential-1-30s': {
    name: 'exponential-1-30s',
    delayMs: (retry) => Math.min(30_000, 1_000 * 2 ** retry),
  },
  'equal-jitter-1-30s': {
    name: 'equal-jitter-1-30s',
    delayMs: (retry, random) => Math.min(30_000, 1_000 * 2 ** retry) * (0.5 + random() / 2),
  },
  'full-jitter-1-30s': { name: 'full-jitter-1-30s', delayMs: fullJitter(1_000, 30_000) },
  'decorrelated-1-30s': {
    name: 'decorrelated-1-30s',
    delayMs: (_retry, random, previousMs) =>
      Math.min(30_000, 1_000 + random() * Math.max(0, 3 * Math.max(previousMs, 1_000) - 1_000)),
  },
  'reconnecting-websocket': {
    name: 'reconnecting-websocket',
    delayMs: (retry, random, previousMs) =>
      retry === 0 ? 1_000 + random() * 4_000 : Math.min(10_000, previousMs * 1.3),
  },
  'socket.io': {
    name: 'socket.io',
    delayMs: (retry, random) => Math.min(5_000, 1_000 * 2 ** retry * (0.5 + random())),
  },
  phoenix: { name: 'phoenix', delayMs: steps([10, 50, 100, 150, 200, 250, 500, 1_000, 2_000, 5_000]) },
} as const satisfies Readonly<Record<string, ClientPolicy>>

/** Names a policy that can be simulated. */
export type ClientPolicyName = keyof typeof clientPolicies
