import { Broken } from './ledger.ts'
import { SimWorld } from './sim-world.ts'

/** Runs one seed: what broke, if anything did, and what was seen. */
export async function runSharedSeed(
  seed: number,
): Promise<{ readonly broken: string | undefined; readonly counts: Readonly<Record<string, number>> }> {
  const world = new SimWorld(seed)
  try {
    await world.run()
    return { broken: world.ledger.broken, counts: world.ledger.counts }
  } catch (error) {
    const broken = error instanceof Broken ? error.message : String((error as Error).stack)
    return { broken: world.ledger.broken ?? broken, counts: world.ledger.counts }
  } finally {
    world[Symbol.dispose]()
  }
}
