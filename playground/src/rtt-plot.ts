import uPlot from 'uplot'
import { colour } from './colours.ts'
import { part } from './element.ts'
import { type History, shownMs } from './history.ts'
import { leftPx, rightPx } from './plot-frame.ts'
import { themeChanged } from './theme.ts'
import { ticker } from './ticker.ts'

const heightPx = 150
const font = '11px system-ui, sans-serif'
const stepsS = [90, 75, 60, 45, 30, 15, 0]

/** Plots the measured round trips over the same stretch of time as the timeline. */
export function showRttPlot(history: History): void {
  const place = part('plot')
  let edgeS = Date.now() / 1_000
  const plot = new uPlot(
    options(history, () => edgeS),
    [[], []],
    place,
  )
  let drawn = ''
  ticker.on((nowMs) => {
    const edge = history.edge(nowMs)
    const width = place.clientWidth
    if (width === 0) return
    const wanted = history.stretches.length === 0 ? `${width}` : `${width} ${edge}`
    if (wanted === drawn) return
    drawn = wanted
    edgeS = edge / 1_000
    if (plot.width !== width) plot.setSize({ width, height: heightPx })
    const { measurements } = history
    plot.setData([
      measurements.map(({ atMs }) => atMs / 1_000),
      measurements.map(({ rttMs }) => rttMs ?? null),
    ])
  })
  themeChanged.on(() => {
    drawn = ''
  })
}

function options(history: History, edgeS: () => number): uPlot.Options {
  const grid = { stroke: () => colour('line'), width: 1 }
  const axis = { stroke: () => colour('ink-soft'), font, grid, ticks: { show: false } }
  return {
    width: 300,
    height: heightPx,
    padding: [8, rightPx, 0, 0],
    legend: { show: false },
    cursor: { show: false },
    scales: {
      x: { time: false, range: () => [edgeS() - shownMs / 1_000, edgeS()] },
      y: { range: (_plot, _low, high) => [0, roundUp((high ?? 0) * 1.15)] },
    },
    axes: [
      {
        ...axis,
        size: 24,
        splits: ({ width }) =>
          stepsS.filter((step) => width > 480 || step % 30 === 0).map((step) => edgeS() - step),
        values: (_plot, splits) => splits.map((at) => agoWords(Math.round(edgeS() - at))),
      },
      { ...axis, size: leftPx, values: (_plot, splits) => splits.map((ms) => String(ms)) },
    ],
    series: [
      {},
      {
        stroke: () => colour('accent'),
        width: 2,
        points: { show: true, size: 4, stroke: () => colour('accent'), fill: () => colour('accent') },
      },
    ],
    hooks: { drawClear: [(plot) => shade(plot, history)] },
  }
}

/** Tints the times without a connection in the colour of what the session did instead. */
function shade(plot: uPlot, { stretches }: History): void {
  const { ctx, bbox } = plot
  ctx.save()
  ctx.globalAlpha = 0.12
  for (const { name, fromMs, untilMs } of stretches) {
    if (name === 'open') continue
    const [from, until] = [fromMs, untilMs ?? Number.MAX_SAFE_INTEGER].map((atMs) =>
      Math.min(bbox.left + bbox.width, Math.max(bbox.left, plot.valToPos(atMs / 1_000, 'x', true))),
    )
    ctx.fillStyle = colour(name)
    ctx.fillRect(from ?? 0, bbox.top, Math.max(0, (until ?? 0) - (from ?? 0)), bbox.height)
  }
  ctx.restore()
}

const agoWords = (seconds: number): string => (seconds === 0 ? 'now' : `−${seconds} s`)

/** 1, 2, 5, 10, 20, 50 …: a scale that does not change with every measurement. */
function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, value)))
  return [1, 2, 5, 10].map((step) => step * power).find((step) => step >= value) ?? value
}
