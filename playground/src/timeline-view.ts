import { colour } from './colours.ts'
import { element } from './element.ts'
import { type History, shownMs, type Stretch } from './history.ts'
import { leftPx, rightPx } from './plot-frame.ts'
import { themeChanged } from './theme.ts'
import { ticker } from './ticker.ts'

const barTop = 20
const barHeight = 34
const font = '600 12px system-ui, sans-serif'

/** Draws the states as bars that move to the left, and above them what was done. */
export function showTimeline(history: History): void {
  const canvas = element('timeline', HTMLCanvasElement)
  let drawn = ''
  ticker.on((nowMs) => {
    const edge = history.edge(nowMs)
    const { clientWidth, clientHeight } = canvas
    // In a tab that is not shown there is no room, and nobody looks.
    if (clientWidth === 0) return
    // The same picture is not drawn twice: before the first session and after the end nothing moves.
    const picture = history.stretches.length === 0 ? '' : String(edge)
    const wanted = `${picture} ${history.marks.length} ${clientWidth} ${devicePixelRatio}`
    if (wanted === drawn) return
    drawn = wanted
    const context = fitted(canvas, clientWidth, clientHeight)
    if (context) draw(context, history, edge, clientWidth)
  })
  themeChanged.on(() => {
    drawn = ''
  })
}

function fitted(canvas: HTMLCanvasElement, width: number, height: number): CanvasRenderingContext2D | null {
  const [wide, high] = [Math.round(width * devicePixelRatio), Math.round(height * devicePixelRatio)]
  if (canvas.width !== wide || canvas.height !== high) Object.assign(canvas, { width: wide, height: high })
  const context = canvas.getContext('2d')
  context?.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0)
  context?.clearRect(0, 0, width, height)
  return context
}

function draw(context: CanvasRenderingContext2D, history: History, edge: number, width: number): void {
  const span = width - leftPx - rightPx
  const xOf = (atMs: number) => leftPx + span * (1 - (edge - atMs) / shownMs)
  context.font = font
  context.textBaseline = 'middle'
  context.fillStyle = colour('line')
  context.fillRect(leftPx, barTop + barHeight / 2 - 1, span, 2)
  context.save()
  context.beginPath()
  context.rect(leftPx, 0, span, barTop + barHeight)
  context.clip()
  for (const stretch of history.stretches) drawStretch(context, stretch, xOf, edge)
  context.restore()
  drawMarks(context, history, xOf, leftPx + span)
}

function drawStretch(
  context: CanvasRenderingContext2D,
  { name, fromMs, untilMs = Number.POSITIVE_INFINITY }: Stretch,
  xOf: (atMs: number) => number,
  edge: number,
): void {
  const left = Math.max(xOf(fromMs), leftPx - 8)
  const right = xOf(Math.min(untilMs, edge))
  if (right < leftPx) return
  // What lasted a blink is still to be seen.
  const wide = Math.max(2, right - left - 1)
  context.fillStyle = colour(name)
  context.beginPath()
  context.roundRect(left, barTop, wide, barHeight, Math.min(5, wide / 2))
  context.fill()
  const textLeft = Math.max(left, leftPx) + 8
  if (right - textLeft < context.measureText(name).width + 6) return
  context.fillStyle = name === 'closed' ? '#ffffff' : colour('on-state')
  context.fillText(name, textLeft, barTop + barHeight / 2 + 1)
}

function drawMarks(
  context: CanvasRenderingContext2D,
  { marks }: History,
  xOf: (atMs: number) => number,
  right: number,
): void {
  let freeUntil = right
  context.fillStyle = colour('danger')
  // A label without room before the next mark is left out: the event log has them all.
  for (const { atMs, label } of [...marks].reverse()) {
    const x = xOf(atMs)
    if (x < leftPx) return
    context.beginPath()
    context.moveTo(x - 4, barTop - 7)
    context.lineTo(x + 4, barTop - 7)
    context.lineTo(x, barTop - 1)
    context.fill()
    const wide = context.measureText(label).width
    if (x + 8 + wide <= freeUntil) context.fillText(label, x + 8, barTop - 6)
    freeUntil = x - 8
  }
}
