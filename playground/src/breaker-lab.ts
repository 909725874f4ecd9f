import type { Session } from 'holdfast'
import { type CircuitBreaker, circuitBreaker } from 'holdfast/breaker'
import { BreakerPicture } from './breaker-picture.ts'
import { button } from './element.ts'
import { type Lab, openLabSession, showNumbers, showVerdict, sumOf, wireFaults } from './lab.ts'
import { isShown } from './tabs.ts'
import { ticker } from './ticker.ts'

const sessionCount = 5

/** One breaker and its sessions, and what happened to it. */
interface Running {
  readonly breaker: CircuitBreaker
  readonly sessions: readonly Session[]
  readonly counts: { opened: number; probes: number; closed: number }
}

/** Shows one circuit breaker that several sessions share. */
export function showBreakerLab(lab: Lab): void {
  const picture = new BreakerPicture()
  let running: Running | undefined
  button('breaker-start').addEventListener('click', () => {
    stop(running)
    running = start(lab)
  })
  button('breaker-stop').addEventListener('click', () => stop(running))
  button('breaker-trip').addEventListener('click', () => running?.breaker.trip({ forMs: 5_000 }))
  button('breaker-reset').addEventListener('click', () => running?.breaker.reset())
  // A server that comes back meets clients that do not know it yet.
  button('breaker-back').addEventListener('click', () => void lab.chaos.clear())
  button('breaker-down').addEventListener('click', () => {
    void lab.chaos.set({ accept: 'refuse' }).then((done) => done && lab.chaos.cut())
  })
  wireFaults('breaker', lab)
  ticker.on((nowMs) => {
    if (isShown('breaker')) draw(picture, running, nowMs)
  })
}

function start(lab: Lab): Running {
  const breaker = circuitBreaker({ minCalls: 5, failureRate: 0.5, openMs: 6_000, earlyMs: 500 })
  const counts = { opened: 0, probes: 0, closed: 0 }
  breaker.on('state', ({ state }) => {
    if (state.name === 'open') counts.opened += 1
    else if (state.name === 'closed') counts.closed += 1
    else if (state.probe === 'under-way') counts.probes += 1
  })
  const sessions = Array.from({ length: sessionCount }, () => openLabSession(lab, [breaker.plug]))
  return { breaker, sessions, counts }
}

function stop(running: Running | undefined): void {
  for (const session of running?.sessions ?? []) session.dispose()
  running?.breaker.dispose()
}

function draw(picture: BreakerPicture, running: Running | undefined, nowMs: number): void {
  const { breaker, sessions = [], counts } = running ?? {}
  picture.draw(breaker, sessions, nowMs)
  const waiting = sessions.filter(
    ({ state }) => state.name === 'waiting' && state.cause.kind === 'not-admitted',
  )
  showNumbers('breaker', {
    opened: counts?.opened ?? 0,
    probes: counts?.probes ?? 0,
    closed: counts?.closed ?? 0,
    held: waiting.length,
  })
  if (running === undefined) return showVerdict('breaker', 'not started', undefined)
  const isOver = sessions.every(({ state }) => state.name === 'closed')
  showVerdict('breaker', isOver ? 'stopped' : 'at work', isOver ? sumOf(sessions) : undefined)
}
