import type { Session } from 'holdfast'
import { label, type Layout, Picture, shape, widths } from './svg.ts'
import { count } from './time-words.ts'

const boxWidth = 98
const boxHeight = 84
const gap = 10
const inRow: Readonly<Record<Layout, number>> = { wide: 6, narrow: 3 }

/** What the picture shows of a session. */
interface Shown {
  readonly state: Session['state']['name']
  /** Who has it; `undefined`: nobody. */
  readonly worker: number | undefined
}

/** Draws a pool: a box for each place, and a dot for everybody who waits. */
export class PoolPicture {
  readonly #picture: Picture
  readonly #places: number

  constructor(places: number) {
    this.#places = places
    this.#picture = new Picture('pool-picture', {
      wide: below(places, 'wide') + 58,
      narrow: below(places, 'narrow') + 80,
    })
  }

  draw(sessions: readonly Shown[], waiting: number): void {
    const leased = sessions.filter(({ worker }) => worker !== undefined).length
    const open = sessions.filter(({ state }) => state === 'open').length
    const words = `${count(sessions.length, 'session')}, ${open} open, ${leased} leased; ${count(waiting, 'worker')} in line`
    this.#picture.draw([sessions, waiting], words, (layout) => [
      ...Array.from({ length: this.#places }, (_, at) => place(layout, at, sessions[at])).flat(),
      ...line(layout, below(this.#places, layout), waiting),
    ])
  }
}

/** How far down the boxes reach. */
function below(places: number, layout: Layout): number {
  return Math.ceil(places / inRow[layout]) * (boxHeight + gap)
}

function place(layout: Layout, at: number, shown: Shown | undefined): readonly Node[] {
  const x = gap / 2 + (at % inRow[layout]) * (boxWidth + gap)
  const top = Math.floor(at / inRow[layout]) * (boxHeight + gap)
  const middle = x + boxWidth / 2
  const frame = { x: x + 2, y: top + 4, width: boxWidth - 4, height: boxHeight, rx: 10 }
  if (shown === undefined) {
    const empty = label(middle, top + 50, 'no session', 'label faint')
    return [shape('rect', { ...frame, class: 'slot empty' }), empty]
  }
  const { state, worker } = shown
  return [
    shape('rect', { ...frame, class: `slot ${state}${worker === undefined ? '' : ' leased'}` }),
    label(middle, top + 38, state, 'label strong'),
    label(middle, top + 66, worker === undefined ? 'free' : `worker ${worker}`),
  ]
}

function line(layout: Layout, top: number, waiting: number): readonly Node[] {
  const fits = inRow[layout] * 4
  const dots = Array.from({ length: Math.min(waiting, 24) }, (_, at) =>
    shape('circle', {
      cx: 16 + (at % fits) * 26,
      cy: top + 20 + Math.floor(at / fits) * 22,
      r: 8,
      class: 'waiter',
    }),
  )
  return [
    ...dots,
    label(
      widths[layout] / 2,
      top + (layout === 'wide' ? 51 : 73),
      waiting === 0 ? 'nobody waits' : `${count(waiting, 'worker')} in line, first come, first served`,
    ),
  ]
}
