import { type AckMode, type Batching, type Limits, type OutboxBounds, batching } from '../src/index.ts'
import type { Random } from './random.ts'

/** Mean time between two faults of a kind, in milliseconds; Infinity = never. */
export interface Faults {
  readonly cutMs: number
  readonly halfOpenMs: number
  readonly stallMs: number
  readonly crashMs: number
  readonly goAwayMs: number
  readonly rejectMs: number
  readonly replayMs: number
  /** Probability that a dial is refused, that a HELLO is late, that a WELCOME is late. */
  readonly refuse: number
  readonly lateHello: number
  readonly lateWelcome: number
}

export interface EndPlan {
  readonly limits: Limits
  readonly bounds: OutboxBounds
  readonly ackMode: AckMode
  readonly highWaterBytes: number
  /** Puts small messages together; for the client also: understands such frames. */
  readonly batch: Batching | undefined
  readonly messages: number
  readonly sendMs: number
  /** Mean time until a delivered message is settled, in mode `handled`. */
  readonly settleMs: number
}

/** Everything about a run that does not happen by chance during it. */
export interface Plan {
  readonly horizonMs: number
  readonly latencyMs: number
  readonly ttlMs: number
  readonly pingMs: number
  /** How often the client pings too; Infinity = never. */
  readonly clientPingMs: number
  readonly handshakeMs: number
  readonly authMs: number
  /** What a crash of the server leaves: nothing, or what it had committed. */
  readonly store: 'memory' | 'durable'
  readonly faults: Faults
  readonly client: EndPlan
  readonly server: EndPlan
  /** How the run ends the session, if it does before the horizon. */
  readonly ending: 'none' | 'client' | 'server' | 'both' | 'takeover' | 'abandon'
}

function limits(random: Random): Limits {
  const maxBytes = random.pick(40, 64, 200)
  const windowMessages = random.pick(1, 2, 3, 5, 16, 200)
  return { maxBytes, windowMessages, windowBytes: maxBytes * random.pick(1, 2, 5, 100) }
}

function endPlan(random: Random): EndPlan {
  return {
    limits: limits(random),
    bounds: random.pick(
      { maxMessages: 4_096, maxBytes: 1 << 20 },
      { maxMessages: 4_096, maxBytes: 1 << 20 },
      { maxMessages: 40, maxBytes: 2_000 },
    ),
    ackMode: random.pick('received', 'handled'),
    highWaterBytes: random.pick(50, 500, 1 << 20),
    batch: random.chance(0.5)
      ? batching({
          lingerMs: random.pick(0, 3, 50),
          maxMessages: random.pick(2, 5, 50),
          maxBytes: random.pick(20, 100, 10_000),
        })
      : undefined,
    messages: random.between(5, 60),
    sendMs: random.pick(1, 5, 40, 200),
    settleMs: random.pick(1, 30, 300),
  }
}

/** Draws how a run is set up. */
export function drawPlan(random: Random): Plan {
  const often = (): number =>
    random.pick(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, 600, 2_000, 6_000)
  const rarely = (): number => (random.chance(0.25) ? random.pick(1_500, 5_000) : Number.POSITIVE_INFINITY)
  return {
    horizonMs: random.pick(3_000, 8_000, 16_000),
    latencyMs: random.pick(2, 20, 100),
    ttlMs: random.pick(1_000, 4_000, 300_000, 300_000),
    pingMs: random.pick(1_000, 1_000, 3_000),
    clientPingMs: random.pick(Number.POSITIVE_INFINITY, 700),
    handshakeMs: random.pick(300, 1_000),
    authMs: random.pick(0, 5, 150),
    store: random.pick('memory', 'durable'),
    faults: {
      cutMs: random.pick(500, 1_500, 5_000, Number.POSITIVE_INFINITY),
      halfOpenMs: often(),
      stallMs: often(),
      crashMs: rarely(),
      goAwayMs: rarely(),
      rejectMs: rarely(),
      replayMs: rarely(),
      refuse: random.pick(0, 0.2, 0.5),
      lateHello: random.pick(0, 0.15, 0.4),
      lateWelcome: random.pick(0, 0.15, 0.4),
    },
    client: endPlan(random),
    server: endPlan(random),
    ending: random.pick('none', 'none', 'none', 'none', 'client', 'server', 'both', 'takeover', 'abandon'),
  }
}
