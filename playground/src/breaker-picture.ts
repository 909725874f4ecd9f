import type { Session } from 'holdfast'
import type { CircuitBreaker } from 'holdfast/breaker'
import { label, Picture, shape } from './svg.ts'
import { count, duration } from './time-words.ts'

const width = 660
const circuit = ['closed', 'open', 'half-open'] as const
const means = { closed: 'attempts go on', open: 'none dials', 'half-open': 'one probe at a time' } as const

/** Draws a circuit breaker: its three states, what it counted, and the sessions that ask it. */
export class BreakerPicture {
  readonly #picture = new Picture('breaker-picture', width, 216)

  draw(breaker: CircuitBreaker | undefined, sessions: readonly Session[], nowMs: number): void {
    const { state, tally } = breaker ?? {}
    const left =
      state?.name === 'open' ? duration(Math.max(0, Math.round((state.retryAt - nowMs) / 100) * 100)) : ''
    const names = sessions.map((session) => session.state.name)
    const open = names.filter((name) => name === 'open').length
    const failures = tally?.failures ?? 0
    const calls = tally?.calls ?? 0
    const counted = `${count(failures, 'failure')} of ${count(calls, 'attempt')}`
    const words = state
      ? `The circuit is ${state.name}; ${counted}; ${open} of ${count(names.length, 'session')} open`
      : 'No circuit yet'
    this.#picture.draw([state?.name, left, counted, names], words, () => [
      ...circuit.flatMap((name, at) => box(name, at, state?.name === name, left)),
      ...tallyBar(calls, failures, counted),
      ...names.flatMap((name, at) => dot(name, at)),
    ])
  }
}

function box(name: (typeof circuit)[number], at: number, isCurrent: boolean, left: string): readonly Node[] {
  const x = 4 + at * 222
  const middle = x + 104
  const second = isCurrent && name === 'open' ? `a probe in ${left}` : means[name]
  const frame = { x, y: 4, width: 208, height: 66, rx: 10 }
  return [
    shape('rect', { ...frame, class: `circuit ${name}${isCurrent ? ' current' : ''}` }),
    label(middle, 32, name, 'label strong'),
    label(middle, 55, second, isCurrent ? 'label' : 'label faint'),
  ]
}

function tallyBar(calls: number, failures: number, counted: string): readonly Node[] {
  const cell = (at: number) => ({ x: 4 + at * 33, y: 90, width: 28, height: 18, rx: 4 })
  const cells = Array.from({ length: 20 }, (_, at) =>
    shape('rect', { ...cell(at), class: `tally ${at < failures ? 'failed' : at < calls ? 'good' : 'none'}` }),
  )
  return [...cells, label(width / 2, 128, `${counted} in the window`)]
}

function dot(name: Session['state']['name'], at: number): readonly Node[] {
  const x = 66 + at * 132
  return [shape('circle', { cx: x, cy: 166, r: 14, class: `lamp ${name}` }), label(x, 205, name)]
}
