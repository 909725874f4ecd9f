import { part } from './element.ts'
import type { History } from './history.ts'
import { news } from './news.ts'
import { duration } from './time-words.ts'

const mostStates = 6

/** Says what the two charts show, for those who cannot see them. Read when asked for, so never announced. */
export function describeCharts(history: History): void {
  news.on((item) => {
    if (item.type === 'state' || item.type === 'session') part('timeline').ariaLabel = statesOf(history)
    if (item.type === 'rtt' || item.type === 'state') part('plot').ariaLabel = roundTripsOf(history)
  })
}

function statesOf({ stretches }: History): string {
  const words = stretches
    .slice(-mostStates)
    .map(({ name, fromMs, untilMs }) =>
      untilMs === undefined ? `${name} now` : `${name} for ${duration(untilMs - fromMs)}`,
    )
  return `The latest states, oldest first: ${words.join(', ')}`
}

function roundTripsOf({ measurements }: History): string {
  const measured = measurements.flatMap(({ rttMs }) => rttMs ?? [])
  const last = measured.at(-1)
  if (last === undefined) return 'No round-trip time yet'
  const [least, most] = [Math.min(...measured), Math.max(...measured)]
  return `Round-trip time: ${last.toFixed(1)} ms last, ${least.toFixed(1)} to ${most.toFixed(1)} ms in the last 90 seconds`
}
