import type { Session } from 'holdfast'
import { label, Picture, shape } from './svg.ts'
import { count } from './time-words.ts'

const width = 660
const boxWidth = 98
const gap = 10

/** What the picture shows of a session. */
interface Shown {
  readonly state: Session['state']['name']
  /** Who has it; `undefined`: nobody. */
  readonly worker: number | undefined
}

/** Draws a pool: a box for each place, and a dot for everybody who waits. */
export class PoolPicture {
  readonly #picture = new Picture('pool-picture', width, 150)
  readonly #places: number

  constructor(places: number) {
    this.#places = places
  }

  draw(sessions: readonly Shown[], waiting: number): void {
    const leased = sessions.filter(({ worker }) => worker !== undefined).length
    const open = sessions.filter(({ state }) => state === 'open').length
    const words = `${count(sessions.length, 'session')}, ${open} open, ${leased} leased; ${count(waiting, 'worker')} in line`
    this.#picture.draw([sessions, waiting], words, () => [
      ...Array.from({ length: this.#places }, (_, at) => place(at, sessions[at])).flat(),
      ...line(waiting),
    ])
  }
}

function place(at: number, shown: Shown | undefined): readonly Node[] {
  const x = gap / 2 + at * (boxWidth + gap)
  const middle = x + boxWidth / 2
  const frame = { x: x + 2, y: 4, width: boxWidth - 4, height: 84, rx: 10 }
  if (shown === undefined) {
    return [shape('rect', { ...frame, class: 'slot empty' }), label(middle, 50, 'no session', 'label faint')]
  }
  const { state, worker } = shown
  return [
    shape('rect', { ...frame, class: `slot ${state}${worker === undefined ? '' : ' leased'}` }),
    label(middle, 38, state, 'label strong'),
    label(middle, 66, worker === undefined ? 'free' : `worker ${worker}`),
  ]
}

function line(waiting: number): readonly Node[] {
  const dots = Array.from({ length: Math.min(waiting, 24) }, (_, at) =>
    shape('circle', { cx: 16 + at * 26, cy: 112, r: 8, class: 'waiter' }),
  )
  return [
    ...dots,
    label(
      width / 2,
      143,
      waiting === 0 ? 'nobody waits' : `${count(waiting, 'worker')} in line, first come, first served`,
    ),
  ]
}
