import type { ResolvedStorm } from './storm-options.ts'

/** What came of a storm. Times count from the moment the server was up, in milliseconds. */
export interface StormResult {
  /** The policy's name. */
  readonly policy: string
  readonly clients: number
  /** How long the work takes at least: clients divided by capacity. */
  readonly idealMs: number
  /** `unfinished`: there was progress to the end of the simulation. `metastable`: there was none any more. */
  readonly outcome: 'recovered' | 'unfinished' | 'metastable'
  /** How many clients were back. */
  readonly back: number
  /** When half, 95 %, 99 % and all of them were back; `undefined` when they were not. */
  readonly times: Readonly<Record<'t50Ms' | 't95Ms' | 't99Ms' | 't100Ms', number | undefined>>
  /** Tries for each client, also while nobody listened. */
  readonly attemptsPerClient: number
  /** Tries for each client from the moment the server was up. */
  readonly attemptsAfterPerClient: number
  /** How many were sent away. */
  readonly sentAway: number
  /** Handshakes served for clients that had left. */
  readonly wasted: number
  /** Most tries in a second after the server was up, and the same as a multiple of the mean while they lasted. */
  readonly peakPerS: number
  readonly peakToMean: number
  /** Tries and clients that came back, for each second after the server was up. */
  readonly perSecond: { readonly tries: readonly number[]; readonly back: readonly number[] }
}

/** Writes down what happens. */
export class StormRecord {
  readonly #storm: ResolvedStorm
  readonly #backAtMs: Float64Array
  readonly #tries: number[] = []
  #back = 0
  #attempts = 0
  #sentAway = 0

  constructor(storm: ResolvedStorm) {
    this.#storm = storm
    this.#backAtMs = new Float64Array(storm.clients)
  }

  tried(atMs: number): void {
    this.#attempts += 1
    const second = Math.floor((atMs - this.#storm.downMs) / 1_000)
    if (second >= 0) count(this.#tries, second)
  }

  served(atMs: number): void {
    this.#backAtMs[this.#back] = atMs - this.#storm.downMs
    this.#back += 1
  }

  sentAway(): void {
    this.#sentAway += 1
  }

  result(wasted: number, stop: 'unfinished' | 'metastable'): StormResult {
    const { clients, capacityPerS, policy } = this.#storm
    const sorted = this.#backAtMs.subarray(0, this.#back).sort()
    const timeOf = (share: number) => sorted[Math.ceil(share * clients) - 1]
    const after = this.#tries.reduce((sum, tries) => sum + (tries ?? 0), 0)
    const back: number[] = []
    for (const atMs of sorted) count(back, Math.floor(atMs / 1_000))
    const peakPerS = this.#tries.reduce((most, tries) => Math.max(most, tries ?? 0), 0)
    return {
      policy: policy.name,
      clients,
      idealMs: (clients / capacityPerS) * 1_000,
      outcome: this.#back === clients ? 'recovered' : stop,
      back: this.#back,
      times: { t50Ms: timeOf(0.5), t95Ms: timeOf(0.95), t99Ms: timeOf(0.99), t100Ms: timeOf(1) },
      attemptsPerClient: this.#attempts / clients,
      attemptsAfterPerClient: after / clients,
      sentAway: this.#sentAway,
      wasted,
      peakPerS,
      peakToMean: after === 0 ? 0 : peakPerS / (after / this.#tries.length),
      perSecond: {
        tries: Array.from(this.#tries, (tries) => tries ?? 0),
        back: Array.from(back, (n) => n ?? 0),
      },
    }
  }
}

function count(bins: number[], index: number): void {
  bins[index] = (bins[index] ?? 0) + 1
}
