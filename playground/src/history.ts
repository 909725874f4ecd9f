import type { State } from 'holdfast'

/** How much of the past the charts show. */
export const shownMs = 90_000
/** And how many pieces of it are kept at most, however quickly they come. */
const mostPieces = 3_000

/** A stretch of time in one state. */
export interface Stretch {
  readonly name: State['name']
  readonly fromMs: number
  /** `undefined`: until now. */
  readonly untilMs: number | undefined
}

/** A moment at which the person or the proxy did something. */
export interface Mark {
  readonly atMs: number
  readonly label: string
}

/** A measured round trip; `undefined` where a connection was lost, so that no line is drawn across. */
export interface Measurement {
  readonly atMs: number
  readonly rttMs: number | undefined
}

/** After the end of a session the charts go on for a moment, so that the end can be seen, and then stand still. */
const afterEndMs = 4_000

/** The recent past, bounded in time and number. */
export class History {
  stretches: readonly Stretch[] = []
  marks: readonly Mark[] = []
  measurements: readonly Measurement[] = []

  /** Notes that a state began. */
  began(name: State['name'], atMs: number): void {
    const last = this.stretches.at(-1)
    if (last?.untilMs === undefined && last?.name === name) return
    const ended = last && last.untilMs === undefined ? [{ ...last, untilMs: atMs }] : last ? [last] : []
    this.stretches = recent([...this.stretches.slice(0, -1), ...ended], (one) => one.untilMs ?? atMs, atMs)
    this.stretches = [...this.stretches, { name, fromMs: atMs, untilMs: undefined }]
  }

  /** Notes something that was done. */
  marked(label: string, atMs: number): void {
    this.marks = [...recent(this.marks, (mark) => mark.atMs, atMs), { label, atMs }]
  }

  /** Notes a round trip, or with `undefined` a break. */
  measured(rttMs: number | undefined, atMs: number): void {
    this.measurements = [...recent(this.measurements, (one) => one.atMs, atMs), { atMs, rttMs }]
  }

  /** The moment at the right edge of the charts. */
  edge(nowMs: number): number {
    const last = this.stretches.at(-1)
    return last?.name === 'closed' ? Math.min(nowMs, last.fromMs + afterEndMs) : nowMs
  }
}

function recent<T>(items: readonly T[], atOf: (item: T) => number, nowMs: number): readonly T[] {
  const from = nowMs - shownMs * 1.2
  const first = items.findIndex((item) => atOf(item) >= from)
  return first === -1 ? [] : items.slice(Math.max(first, items.length - mostPieces))
}
