import fc from 'fast-check'
import { expect, it } from 'vitest'
import { openLedger, Scope } from '../src/index.ts'
import { ManualClock } from '../src/testing/index.ts'

/** One step of a random life. Indices are taken modulo how many scopes or releases there are at that moment. */
type Step =
  | { readonly do: 'open'; readonly at: number }
  | { readonly do: 'defer'; readonly at: number }
  | { readonly do: 'timeout'; readonly at: number; readonly delayMs: number }
  | { readonly do: 'release'; readonly at: number }
  | { readonly do: 'end'; readonly at: number }

const at = fc.nat(1_000)
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant('open' as const), at }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('defer' as const), at }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('timeout' as const), at, delayMs: fc.nat(50) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('release' as const), at }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('end' as const), at }) },
)

interface Held {
  readonly id: number
  readonly owner: Scope
  readonly release: () => void
}

/** Plays steps on a tree of scopes and writes down each release: which one, of which scope, during which step. */
class Play {
  readonly ledger = openLedger()
  readonly scopes: Scope[] = [new Scope(new ManualClock(), this.ledger)]
  readonly held: Held[] = []
  readonly released: { readonly id: number; readonly owner: Scope; readonly during: number }[] = []
  #step = 0

  run(steps: readonly Step[]): void {
    for (const step of steps) {
      this.#step += 1
      const scope = this.scopes[step.at % this.scopes.length]
      if (scope) this.#run(step, scope)
    }
    this.#step += 1
    this.scopes[0]?.end()
  }

  #run(step: Step, scope: Scope): void {
    if (step.do === 'open') this.scopes.push(scope.child())
    else if (step.do === 'end') scope.end()
    else if (step.do === 'timeout') scope.timeout(step.delayMs, () => {})
    else if (step.do === 'defer') this.#defer(scope)
    else this.held[step.at % Math.max(1, this.held.length)]?.release()
  }

  #defer(owner: Scope): void {
    const id = this.held.length
    const release = owner.hold('sockets', () => {
      this.released.push({ id, owner, during: this.#step })
    })
    this.held.push({ id, owner, release })
  }
}

it('Scope releases everything exactly once, newest first among siblings, whatever is nested and ended', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const play = new Play()
      play.run(steps)
      const ids = play.released.map(({ id }) => id)
      expect(ids.sort((a, b) => a - b)).toEqual(play.held.map(({ id }) => id))
      for (const [index, { id, owner, during }] of play.released.entries()) {
        const older = play.released.slice(index + 1)
        const sibling = older.find((other) => other.owner === owner && other.during === during)
        if (sibling) expect(sibling.id).toBeLessThan(id)
      }
      expect(play.scopes.every((scope) => scope.ended)).toBe(true)
      expect(play.ledger).toEqual({ timers: 0, listeners: 0, sockets: 0, closing: 0 })
    }),
    { numRuns: 500 },
  )
})
