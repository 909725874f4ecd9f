import { Broken } from './broken.ts'

/** What is attacked. */
export const targets = ['decoder', 'client', 'server'] as const
export type Target = (typeof targets)[number]

/** How the frames handed over were taken, and what happened around them: a fuzzer that meets only refusals shows little. */
export type Tally = Record<string, number>

export function count(tally: Tally, name: string, by = 1): void {
  tally[name] = (tally[name] ?? 0) + by
}

/** Something under attack. */
export interface World {
  /** Frames of the attacker handed over so far. */
  readonly frames: number
  /** The last of them. */
  readonly lastFrame: string | Uint8Array
  step(): void
  /** Brings everything to rest and holds what must hold then. */
  finish(): void
}

/** A case that does not hold. */
export interface Failure {
  readonly target: Target
  readonly seed: number
  /** Frames handed over until it showed. */
  readonly frames: number
  readonly words: string
  readonly frame: string
}

function shown(frame: string | Uint8Array): string {
  const text = typeof frame === 'string' ? JSON.stringify(frame) : `${frame.byteLength} bytes, binary`
  return text.length > 500 ? `${text.slice(0, 500)}… (${text.length} characters)` : text
}

/**
 * Attacks a world with this many frames; `halfway` is called once, when it has warmed up. Returns what does not hold.
 * Everything that happens follows from the seed.
 */
export function runCase(
  target: Target,
  seed: number,
  frames: number,
  world: World,
  halfway: () => void = () => {},
): Failure | undefined {
  let isWarm = false
  try {
    while (world.frames < frames) {
      world.step()
      if (isWarm || world.frames * 3 < frames) continue
      isWarm = true
      halfway()
    }
    world.finish()
    return undefined
  } catch (error) {
    const words =
      error instanceof Broken
        ? error.message
        : `throws ${error instanceof Error ? error.stack : String(error)}`
    return { target, seed, frames: world.frames, words, frame: shown(world.lastFrame) }
  }
}
