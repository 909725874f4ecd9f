import { ClientWorld } from './client-world.ts'
import { DecoderWorld } from './decoder-world.ts'
import { type Failure, type Tally, type Target, type World, runCase } from './fuzz-case.ts'
import { heapBytes } from './heap.ts'
import { ServerWorld } from './server-world.ts'

/** What a target may leave on the heap between the first third of its long case and the end, in bytes. */
export const growthBoundBytes = 1_048_576

/** Frames of each target, of 100. */
const shares: Readonly<Record<Target, number>> = { decoder: 50, client: 20, server: 30 }

/** Frames of one short case: as few as show what they can, so that a failure is easy to follow. */
const shortCaseFrames = 250

/** How an attack on one target went. */
export interface Report {
  readonly target: Target
  readonly frames: number
  readonly seconds: number
  readonly growthBytes: number
  readonly tally: Tally
  readonly failure: Failure | undefined
}

const worlds: Readonly<Record<Target, new (seed: number, tally: Tally) => World>> = {
  decoder: DecoderWorld,
  client: ClientWorld,
  server: ServerWorld,
}

/** Runs one case alone, as a failure names it. */
export function replay(target: Target, seed: number, frames: number): Failure | undefined {
  return runCase(target, seed, frames, new worlds[target](seed, {}))
}

/**
 * Attacks one target with its share of the frames: half of them in many short cases, half in a single long one, whose heap
 * must not grow once it has warmed up. Stops at the first thing that does not hold.
 */
export function attack(target: Target, totalFrames: number, seed: number): Report {
  const startedAt = performance.now()
  const wanted = Math.ceil((totalFrames * shares[target]) / 100)
  const tally: Tally = {}
  const report = (frames: number, growthBytes: number, failure?: Failure): Report => ({
    target,
    frames,
    seconds: (performance.now() - startedAt) / 1_000,
    growthBytes,
    tally,
    failure,
  })
  let done = 0
  for (let at = 1; done < wanted / 2; at += 1) {
    const caseSeed = seed * 1_000_000 + at
    const world = new worlds[target](caseSeed, tally)
    const failure = runCase(target, caseSeed, shortCaseFrames, world)
    done += world.frames
    if (failure !== undefined) return report(done, 0, failure)
  }
  const long = new worlds[target](seed, tally)
  const longFrames = Math.max(1, wanted - done)
  let warmBytes = 0
  const failure = runCase(target, seed, longFrames, long, () => (warmBytes = heapBytes()))
  const growthBytes = Math.max(0, heapBytes() - warmBytes)
  done += long.frames
  if (failure !== undefined || growthBytes <= growthBoundBytes) return report(done, growthBytes, failure)
  const words = `the heap has grown by ${growthBytes} bytes, the bound is ${growthBoundBytes}`
  return report(done, growthBytes, { target, seed, frames: longFrames, words, frame: '-' })
}
