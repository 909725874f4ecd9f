import { defaultAdmission } from '../admission-options.ts'
import { EventHeap } from './event-heap.ts'
import { type Front, guardedFront, openFront } from './front.ts'
import { seededRandom } from './seeded-random.ts'
import { type ResolvedStorm, resolveStorm, type StormOptions } from './storm-options.ts'
import { StormRecord, type StormResult } from './storm-record.ts'

/** When nobody has come back for so long, a storm feeds itself: what is left of the simulation would show the same. */
const HOPELESS_MS = 300_000

/**
 * Simulates a storm: many clients that lost their connections and want in again, against a server that can take so many a
 * second. Takes well under a second for 100,000 clients, and gives the same result for the same options.
 * @throws TypeError or RangeError naming the option, its bound and the value received
 */
export function simulateStorm(options: StormOptions = {}): StormResult {
  const storm = resolveStorm(options)
  const random = seededRandom(storm.seed)
  const front = frontOf(storm, random)
  const record = new StormRecord(storm)
  const clients = new Clients(storm, random)
  const endMs = storm.downMs + storm.horizonMs
  let lastBackMs = storm.downMs
  for (let atMs = clients.nextMs; atMs <= Math.min(endMs, lastBackMs + HOPELESS_MS); atMs = clients.nextMs) {
    const outcome = front.arrive(atMs)
    record.tried(atMs)
    if (outcome.kind === 'served') {
      record.served(outcome.atMs)
      lastBackMs = outcome.atMs
      clients.leave()
    } else if (outcome.kind === 'sent-away') {
      record.sentAway()
      clients.sentAway(atMs, outcome.retryMs)
    } else clients.failed(outcome.kind === 'late' ? outcome.atMs : atMs)
  }
  return record.result(front.wasted(), clients.nextMs > endMs ? 'unfinished' : 'metastable')
}

/** The clients that are not back yet, and when each tries next. */
class Clients {
  readonly #storm: ResolvedStorm
  readonly #random: () => number
  readonly #next: EventHeap
  readonly #retries: Uint16Array
  readonly #delaysMs: Float64Array

  constructor(storm: ResolvedStorm, random: () => number) {
    const { clients, drainMs } = storm
    this.#storm = storm
    this.#random = random
    this.#next = new EventHeap(clients)
    this.#retries = new Uint16Array(clients)
    this.#delaysMs = new Float64Array(clients)
    for (let client = 0; client < clients; client += 1) {
      this.#next.push(drainMs === undefined ? this.#draw(client) : random() * drainMs, client)
    }
  }

  get nextMs(): number {
    return this.#next.nextMs
  }

  leave(): void {
    this.#next.removeNext()
  }

  failed(atMs: number): void {
    this.#next.delayNext(atMs + this.#draw(this.#next.nextOwner))
  }

  sentAway(atMs: number, retryMs: number): void {
    const { hintedMs } = this.#storm.policy
    if (hintedMs === undefined) return this.failed(atMs)
    const client = this.#next.nextOwner
    this.#retries[client] = (this.#retries[client] ?? 0) + 1
    return this.#next.delayNext(atMs + hintedMs(retryMs, this.#random))
  }

  #draw(client: number): number {
    const retry = this.#retries[client] ?? 0
    const delayMs = this.#storm.policy.delayMs(retry, this.#random, this.#delaysMs[client] ?? 0)
    this.#retries[client] = retry + 1
    this.#delaysMs[client] = delayMs
    return delayMs
  }
}

function frontOf({ server, capacityPerS, downMs, timeoutMs }: ResolvedStorm, random: () => number): Front {
  const front = { capacityPerS, upAtMs: downMs, timeoutMs }
  if (server !== 'admission') return openFront(front, { dropsAbandoned: server === 'queue-drops-abandoned' })
  return guardedFront(front, { ...defaultAdmission, burst: capacityPerS }, random)
}
