import type { StormResult } from './storm-record.ts'
import { secondsShown } from './storm-report.ts'

const width = 720
const panelHeight = 150
const left = 70
const bottom = 30
const top = 34

/** Draws results as an SVG file, one panel each on one scale of time: tries as an area, returning clients as a line. */
export function stormSvg(results: readonly StormResult[]): string {
  const seconds = Math.max(...results.map(secondsShown))
  const height = results.length * panelHeight
  const panels = results.map((result, index) => panel(result, seconds, index * panelHeight))
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    ...panels,
    '</svg>',
    '',
  ].join('\n')
}

function panel({ perSecond, policy, outcome, times }: StormResult, seconds: number, y: number): string {
  const most = Math.max(1, ...perSecond.tries.slice(0, seconds), ...perSecond.back.slice(0, seconds))
  const x = (second: number) => round(left + (second / seconds) * (width - left - 20))
  const level = (value: number) =>
    round(y + panelHeight - bottom - (value / most) * (panelHeight - bottom - top))
  const points = (bins: readonly number[]) =>
    bins
      .slice(0, seconds)
      .map((value, second) => `${x(second)},${level(value)}`)
      .join(' ')
  const t95 = times.t95Ms === undefined ? 'not recovered' : `95 % back after ${round(times.t95Ms / 1_000)} s`
  const ticks = [0, 0.25, 0.5, 0.75, 1].map((part) => {
    const second = Math.round(part * seconds)
    return `<text x="${x(second)}" y="${y + panelHeight - 12}" text-anchor="middle">${second} s</text>`
  })
  return [
    `<text x="${left}" y="${y + 18}" font-weight="bold">${escaped(policy)}</text>`,
    `<text x="${width - 20}" y="${y + 18}" text-anchor="end">${outcome}, ${t95}</text>`,
    `<polygon fill="#f3b27a" points="${x(0)},${level(0)} ${points(perSecond.tries)} ${x(Math.min(seconds, perSecond.tries.length) - 1)},${level(0)}"/>`,
    `<polyline fill="none" stroke="#17508f" stroke-width="2" points="${points(perSecond.back)}"/>`,
    `<line x1="${left}" x2="${width - 20}" y1="${level(0)}" y2="${level(0)}" stroke="#444"/>`,
    `<text x="${left - 6}" y="${y + top + 4}" text-anchor="end">${most}/s</text>`,
    ...ticks,
  ].join('\n')
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
