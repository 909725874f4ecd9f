import { platform } from '@holdfast/lifetime'
import type { StateChange } from '../session.ts'

/** The part of `performance` that this code uses. Some platforms have less. */
interface Timeline {
  now(): number
  readonly measure?: (
    name: string,
    options: { readonly start: number; readonly end: number; readonly detail: object },
  ) => unknown
  readonly clearMeasures?: (name: string) => void
}

/** The platform keeps measures until they are cleared: so many of one name, then they are. */
const KEPT = 100

/** Makes a function that writes each state a session leaves into the platform's timeline, as `holdfast:open` and so on. */
export function userTiming(): (change: StateChange) => void {
  const timeline = platform.performance as Timeline
  let enteredMs = timeline.now()
  const made = new Map<string, number>()
  return ({ previous, state }) => {
    const start = enteredMs
    enteredMs = timeline.now()
    // A phase of an attempt is a change of data, not of the state.
    if (previous.name === state.name && state.name === 'connecting') {
      enteredMs = start
      return
    }
    const name = `holdfast:${previous.name}`
    const count = (made.get(name) ?? 0) + 1
    made.set(name, count)
    if (count % KEPT === 0) timeline.clearMeasures?.(name)
    const cause = 'cause' in state ? state.cause.kind : undefined
    timeline.measure?.(name, { start, end: enteredMs, detail: { next: state.name, cause } })
  }
}
