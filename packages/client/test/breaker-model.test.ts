import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Session } from '../src/index.ts'
import { type BreakerWorld, breakerWorld, type Mood } from './breaker-world.ts'

// Whatever happens, in whatever order, to however many sessions: an open circuit lets nobody in, a half-open one lets in one at
// a time, and in the end everybody is back.

type Step =
  | { readonly do: 'mood'; readonly mood: Mood }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'cut' }
  | { readonly do: 'pause' | 'reconnect' | 'wake' | 'dispose' | 'close'; readonly who: number }
  | { readonly do: 'open' | 'trip' | 'reset' }

const who = fc.nat({ max: 7 })
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('mood'), mood: fc.constantFrom('up', 'down', 'hang', 'drop') }),
  },
  { weight: 8, arbitrary: fc.record({ do: fc.constant('wait'), ms: fc.integer({ min: 0, max: 4_000 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('cut') }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constantFrom('pause', 'reconnect', 'wake', 'dispose', 'close'), who }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('open', 'trip', 'reset') }) },
)

/** Looks at every attempt of a session at the moment in which it was let in, and at how many probes there are. */
function watch(world: BreakerWorld, probing: Set<Session>, session: Session): void {
  session.on('state', ({ state, previous }) => {
    const { breaker } = world
    // A probe is over when its session has moved on, or when somebody has moved the circuit by hand.
    if (state.name !== 'connecting' && state.name !== 'open') probing.delete(session)
    if (state.name !== 'connecting' || state.phase !== 'resolve' || previous.name !== 'connecting') return
    if (breaker.state.name === 'open') throw new Error('let in by an open circuit')
    if (breaker.state.name === 'closed') return
    probing.add(session)
    if (probing.size > 1) throw new Error(`${probing.size} probes at once`)
  })
}

function perform(world: BreakerWorld, step: Step, add: () => void): Promise<void> | undefined {
  if (step.do === 'wait') return world.clock.advance(step.ms)
  if (step.do === 'mood') world.mood = step.mood
  else if (step.do === 'cut') for (const socket of world.server.sockets) socket.cut()
  else if (step.do === 'open') add()
  else if (!('who' in step)) world.breaker[step.do]()
  else {
    const session = world.sessions[step.who % world.sessions.length]
    if (step.do === 'wake') session?.reconnect({ withinMs: 100, cause: { kind: 'wake', signal: 'online' } })
    else void session?.[step.do]()
  }
  return undefined
}

it('one probe at a time, none while open, and everybody is back in the end', {
  timeout: 120_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 10, maxLength: 40 }),
      fc.integer({ min: 1, max: 5 }),
      async (steps, count) => {
        const world = breakerWorld({
          minCalls: 2,
          windowCalls: 8,
          openMs: 2_000,
          earlyMs: 200,
          recoverWithinMs: 300,
        })
        const probing = new Set<Session>()
        const broken: unknown[] = []
        world.breaker.on('state', ({ state }) => {
          if (state.name === 'closed' || (state.name === 'open' && state.reason === 'tripped'))
            probing.clear()
        })
        const add = () => {
          const session = world.open({ connect: { dialTimeoutMs: 1_000 }, closeTimeoutMs: 100 })
          session.on('error', ({ phase, error }) => {
            if (phase === 'handler') broken.push(error)
          })
          watch(world, probing, session)
        }
        world.mood = count === 1 ? 'up' : 'hang'
        for (let n = 0; n < count; n += 1) add()
        for (const one of steps) {
          // Answers are under way for some turns: they arrive before anything else happens.
          await world.clock.advance(0)
          await perform(world, one, add)
        }
        await world.clock.advance(0)
        world.mood = 'up'
        for (const session of world.sessions) {
          if (session.state.name === 'idle') session.reconnect()
        }
        await world.clock.advance(20_000)
        expect(broken).toEqual([])
        const names = new Set(world.sessions.map(({ state }) => state.name))
        names.delete('closed')
        expect([...names].filter((name) => name !== 'open')).toEqual([])
        // Where nobody needed to ask any more it may be open still, but no probe is left behind.
        expect(world.breaker.state).not.toMatchObject({ probe: 'under-way' })
        world.breaker.dispose()
        for (const session of world.sessions) session.dispose()
        await world.clock.advance(100_000)
        expect([world.clock.pending, world.breaker.sessions]).toEqual([0, 0])
      },
    ),
    { numRuns: 60 },
  )
})
