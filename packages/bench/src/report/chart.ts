/** A bar, and how far the values went. */
export interface Bar {
  readonly name: string
  readonly value: number
  readonly ours: boolean
}

/** A line over the same places as all others. */
export interface Series {
  readonly name: string
  readonly values: readonly number[]
}

const width = 720
const left = 190
const right = 90
const rowHeight = 26
const top = 44

const style = `<style>
text { font: 13px system-ui, sans-serif; fill: #1f2933 }
.title { font-weight: 600; font-size: 15px }
.soft { fill: #66707c }
.bar { fill: #b8c2cc } .ours { fill: #0f766e } .mark { stroke: #c2410c; stroke-dasharray: 4 3 }
.axis { stroke: #d5dbe1 }
@media (prefers-color-scheme: dark) { text { fill: #e4e7eb } .soft { fill: #9aa5b1 } .bar { fill: #52606d } .ours { fill: #2dd4bf } .axis { stroke: #3e4c59 } }
</style>`

/** Draws bars, the shortest first; `mark` is a line to compare with. */
export function barChart(title: string, unit: string, bars: readonly Bar[], mark?: number): string {
  const sorted = [...bars].sort((a, b) => a.value - b.value)
  const most = Math.max(mark ?? 0, ...sorted.map(({ value }) => value))
  const scale = (value: number) => (value / most) * (width - left - right)
  const height = top + sorted.length * rowHeight + 12
  const parts = sorted.map(({ name, value, ours }, index) => {
    const y = top + index * rowHeight
    return [
      `<text x="${left - 8}" y="${y + 15}" text-anchor="end">${escaped(name)}</text>`,
      `<rect class="${ours ? 'ours' : 'bar'}" x="${left}" y="${y + 2}" width="${fixed(Math.max(1, scale(value)))}" height="18" rx="2"/>`,
      `<text class="soft" x="${fixed(left + scale(value) + 6)}" y="${y + 15}">${short(value)} ${escaped(unit)}</text>`,
    ].join('\n')
  })
  if (mark !== undefined) {
    const x = fixed(left + scale(mark))
    parts.push(`<line class="mark" x1="${x}" x2="${x}" y1="${top - 4}" y2="${height - 8}"/>`)
  }
  return frame(title, height, parts)
}

/** Draws lines over places that grow tenfold, each as a ratio to its first value: flat is flat. */
export function lineChart(title: string, places: readonly string[], series: readonly Series[]): string {
  const colors = ['#0f766e', '#c2410c', '#4338ca', '#a16207', '#be185d', '#0369a1']
  const ratiosOf = ({ values }: Series) => values.map((value) => value / (values[0] ?? 1))
  const most = Math.max(2, ...series.flatMap(ratiosOf))
  const [plotTop, plotBottom, plotRight] = [top + 6, top + 196, width - 40]
  const x = (index: number) => 60 + (index * (plotRight - 60)) / Math.max(1, places.length - 1)
  const y = (ratio: number) => plotBottom - (ratio / most) * (plotBottom - plotTop)
  const height = plotBottom + 40 + series.length * 20
  const grid = [0, 1, Math.floor(most)].flatMap((ratio) => [
    `<line class="axis" x1="60" x2="${plotRight}" y1="${fixed(y(ratio))}" y2="${fixed(y(ratio))}"/>`,
    `<text class="soft" x="52" y="${fixed(y(ratio) + 4)}" text-anchor="end">${ratio} ×</text>`,
  ])
  const ticks = places.map(
    (place, index) =>
      `<text class="soft" x="${fixed(x(index))}" y="${plotBottom + 18}" text-anchor="middle">${escaped(place)}</text>`,
  )
  const lines = series.flatMap((one, index) => {
    const color = colors[index % colors.length]
    const points = ratiosOf(one).map((ratio, place) => `${fixed(x(place))},${fixed(y(ratio))}`)
    const legendY = plotBottom + 44 + index * 20
    return [
      `<polyline fill="none" stroke="${color}" stroke-width="2" points="${points.join(' ')}"/>`,
      ...points.map(
        (point) => `<circle fill="${color}" r="3" cx="${point.split(',')[0]}" cy="${point.split(',')[1]}"/>`,
      ),
      `<rect x="60" y="${legendY - 10}" width="14" height="4" fill="${color}"/><text x="82" y="${legendY - 4}">${escaped(one.name)}</text>`,
    ]
  })
  return frame(title, height, [...grid, ...ticks, ...lines])
}

function frame(title: string, height: number, parts: readonly string[]): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escaped(title)}">`,
    style,
    `<text class="title" x="16" y="24">${escaped(title)}</text>`,
    ...parts,
    '</svg>\n',
  ].join('\n')
}

function short(value: number): string {
  const digits = value < 10 ? 2 : value < 100 ? 1 : 0
  return value.toLocaleString('en', { maximumFractionDigits: digits })
}

function fixed(value: number): string {
  return value.toFixed(1)
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
}
