import { label, type Layout, Picture, shape, widths } from './svg.ts'
import { count } from './time-words.ts'

const bottom = 138
const tallest = 116

/** How long one bar is, and how many there are. */
export const barMs = 500
export const bars = 40

/** What the picture shows. */
interface Shown {
  /** Messages that went out in each stretch of time, oldest first. */
  readonly sent: readonly number[]
  readonly perSecond: number
  readonly waiting: number
}

/** Draws what goes out, as bars, and the line that they should keep to. */
export class RatePicture {
  readonly #picture = new Picture('rate-picture', { wide: 176, narrow: 194 })

  draw({ sent, perSecond, waiting }: Shown): void {
    const perBar = (perSecond * barMs) / 1_000
    const top = Math.max(perBar * 2, ...sent, 1)
    const heightOf = (messages: number) => (messages / top) * tallest
    const lastSecond = (sent.at(-2) ?? 0) + (sent.at(-3) ?? 0)
    const rate = `${count(lastSecond, 'message')} in the last full second`
    const queue = `at most ${Math.round(perSecond)} a second; ${count(waiting, 'message')} waiting`
    const words = `${rate}, ${queue}`
    const lineY = bottom - heightOf(perBar)
    this.#picture.draw([sent, perSecond, waiting], words, (layout) => [
      ...sent.map((messages, at) => bar(layout, at, heightOf(messages), messages > perBar * 1.5 + 1)),
      shape('line', { x1: 0, x2: widths[layout], y1: bottom, y2: bottom, class: 'ground' }),
      shape('line', { x1: 0, x2: widths[layout], y1: lineY, y2: lineY, class: 'limit' }),
      ...(layout === 'wide' ? [words] : [rate, queue]).map((text, at) =>
        label(widths[layout] / 2, 165 + at * 20, text),
      ),
    ])
  }
}

function bar(layout: Layout, at: number, height: number, isBurst: boolean): SVGRectElement {
  const step = widths[layout] / bars
  const frame = { x: at * step + 1, y: bottom - height, width: step - 2, height, rx: 2 }
  return shape('rect', { ...frame, class: `bar${isBurst ? ' burst' : ''}` })
}
