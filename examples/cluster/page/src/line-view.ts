import { make, makeButton } from './element.ts'
import type { Fate, OwnLine } from './own-line.ts'
import type { Line } from './wire.ts'

const ticks: Readonly<Record<Fate, string>> = {
  queued: '◷ queued',
  written: '✓ written',
  acked: '✓✓ acked',
  uncertain: '? uncertain',
  absent: '✗ not in the room',
  undelivered: '✗ not delivered',
  rejected: '✗ not taken',
  dropped: '✗ dropped',
  expired: '✗ expired',
}

const time = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' })

/** Makes a line of the room. The tick of one that was said here goes on until its receipt is final. */
export function roomLine({ n, who, text, node, at }: Line, own: OwnLine | undefined): HTMLLIElement {
  const about = make('span', 'about', `${time.format(at)} · node ${node} · ${n}`)
  const item = make('li', own === undefined ? 'line' : 'line own', make('span', 'who', who), about)
  item.append(make('span', 'text', text))
  if (own === undefined) return item
  const tick = make('span', 'tick', ticks[own.fate])
  about.prepend(tick, ' · ')
  void own.settled.then(() => {
    tick.textContent = ticks[own.fate]
  })
  return item
}

/** Makes a line that the room does not have yet; one that will not get there offers to be said again. */
export function underWayLine(own: OwnLine, again: () => void, drop: () => void): HTMLLIElement {
  const tick = make('span', 'about tick', ticks[own.fate])
  const item = make('li', 'line own', make('span', 'who', 'You'), tick, make('span', 'text', own.text))
  if (ticks[own.fate].startsWith('✗')) {
    item.append(make('span', 'row', makeButton('Say it again', again), makeButton('Drop it', drop)))
  }
  item.dataset['fate'] = own.fate
  return item
}

/** Makes a note between the lines. */
export function noteLine(words: string, kind: 'plain' | 'gap'): HTMLLIElement {
  return make('li', `note ${kind}`, words)
}
