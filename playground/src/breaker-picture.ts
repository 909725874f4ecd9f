import type { Session } from 'holdfast'
import type { CircuitBreaker } from 'holdfast/breaker'
import { label, type Layout, Picture, shape, widths } from './svg.ts'
import { count, duration } from './time-words.ts'

const circuit = ['closed', 'open', 'half-open'] as const
const means = { closed: 'attempts go on', open: 'nobody dials', 'half-open': 'one probe at a time' } as const

/** Draws a circuit breaker: its three states, what it counted, and the sessions that ask it. */
export class BreakerPicture {
  readonly #picture = new Picture('breaker-picture', { wide: 216, narrow: 310 })

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
    this.#picture.draw([state?.name, left, counted, names], words, (layout) => [
      ...circuit.flatMap((name, at) => box(layout, name, at, state?.name === name, left)),
      ...tallyBar(layout, calls, failures, counted),
      ...names.flatMap((name, at) => dot(layout, name, at)),
    ])
  }
}

/** The three states stand beside each other, or below each other where the words have no room. */
function box(
  layout: Layout,
  name: (typeof circuit)[number],
  at: number,
  isCurrent: boolean,
  left: string,
): readonly Node[] {
  const second = isCurrent && name === 'open' ? `a probe in ${left}` : means[name]
  const style = `circuit ${name}${isCurrent ? ' current' : ''}`
  const faint = isCurrent ? 'label' : 'label faint'
  if (layout === 'narrow') {
    const y = 4 + at * 54
    return [
      shape('rect', { x: 4, y, width: 322, height: 44, rx: 10, class: style }),
      label(62, y + 27, name, 'label strong'),
      label(222, y + 27, second, faint),
    ]
  }
  const x = 4 + at * 222
  return [
    shape('rect', { x, y: 4, width: 208, height: 66, rx: 10, class: style }),
    label(x + 104, 32, name, 'label strong'),
    label(x + 104, 55, second, faint),
  ]
}

/** How far down the second part of the picture begins. */
const tallyTop: Readonly<Record<Layout, number>> = { wide: 90, narrow: 180 }

function tallyBar(layout: Layout, calls: number, failures: number, counted: string): readonly Node[] {
  const y = tallyTop[layout]
  const step = widths[layout] / 20
  const cell = (at: number) => ({ x: step / 8 + at * step, y, width: step * 0.85, height: 18, rx: 4 })
  const cells = Array.from({ length: 20 }, (_, at) =>
    shape('rect', { ...cell(at), class: `tally ${at < failures ? 'failed' : at < calls ? 'good' : 'none'}` }),
  )
  return [...cells, label(widths[layout] / 2, y + 38, `${counted} in the window`)]
}

function dot(layout: Layout, name: Session['state']['name'], at: number): readonly Node[] {
  const y = tallyTop[layout] + 76
  const x = (widths[layout] / 5) * (at + 0.5)
  return [shape('circle', { cx: x, cy: y, r: 14, class: `lamp ${name}` }), label(x, y + 39, name)]
}
