import type { Payload } from '../src/index.ts'
import type { Random } from '../sim/random.ts'
import { type Hints, makeData, makeFrame, makeOpening } from './frame-maker.ts'
import { mutateFrame } from './mutate-frame.ts'

const memory = 12

/**
 * Sits between an honest end and its victim: most frames pass as they are, so that the victim is deep in a session when one
 * is changed, doubled, held back, lost, or put in. All that the victim then sees is this attacker's.
 */
export class Corruptor {
  readonly #random: Random
  readonly #opening: 'hello' | 'welcome'
  readonly #seen: Payload[] = []
  /** How much of what happens is wrong: seldom at times, so that sessions live long enough to have something to lose. */
  fury: number
  #held: Payload | undefined

  constructor(random: Random, opening: 'hello' | 'welcome') {
    this.#random = random
    this.fury = random.pick(0.002, 0.02, 0.3)
    this.#opening = opening
  }

  /** Remembers a frame, to play it again some time: also one that somebody else sent. */
  overhear(data: Payload): void {
    if (this.#seen.length < memory) this.#seen.push(data)
    else this.#seen[this.#random.between(0, memory - 1)] = data
  }

  /** Returns what arrives of a frame. */
  pass(data: Payload): readonly Payload[] {
    const random = this.#random
    this.overhear(data)
    if (random.chance(0.01)) this.fury = random.pick(0.002, 0.02, 0.3)
    const held = this.#held
    if (held !== undefined) {
      this.#held = undefined
      return [data, held]
    }
    if (!random.chance(this.fury)) return [data]
    switch (random.between(0, 3)) {
      case 0:
        return []
      case 1:
        return [data, data]
      case 2:
        this.#held = data
        return []
      default:
        return [typeof data === 'string' ? mutateFrame(random, data) : data.slice(1)]
    }
  }

  /** Returns a first frame: right, overheard, or wrong. */
  introduce(hints: Hints): Payload {
    const random = this.#random
    const old = this.#seen[random.between(0, memory - 1)]
    const opening =
      typeof old === 'string' && random.chance(0.3) ? old : makeOpening(random, hints, this.#opening)
    return random.chance(0.5) ? opening : mutateFrame(random, opening)
  }

  /** Returns a frame that the honest end did not send. */
  invent(hints: Hints): Payload {
    const random = this.#random
    const roll = random.unit()
    if (roll < 0.15) return makeData(random)
    if (roll < 0.25) return makeOpening(random, hints, this.#opening)
    if (roll < 0.5) return makeFrame(random, hints)
    const old = this.#seen[random.between(0, memory - 1)]
    if (roll < 0.6 && old !== undefined) return old
    const base =
      roll < 0.75 && typeof old === 'string'
        ? old
        : random.chance(0.4)
          ? makeOpening(random, hints, this.#opening)
          : makeFrame(random, hints)
    return mutateFrame(random, base)
  }
}
