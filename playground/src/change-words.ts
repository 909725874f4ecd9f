import type { Cause, Resources, SessionEnd, SessionEvents, State, StateChange } from 'holdfast'
import { causeWords } from './cause-words.ts'
import { gapWords } from './gap-words.ts'
import { count, duration } from './time-words.ts'

/** What else there is to say about a change of state. */
export interface Circumstances {
  /** How many messages that had waited were sent with it. */
  readonly flushed: number
  /** How long there was no connection; `undefined` when there never was one. */
  readonly awayMs: number | undefined
  readonly previous: StateChange['previous']
  /** What the server lost, told just before it opened again; `undefined` without resuming, or when nothing was lost. */
  readonly gap: SessionEvents['gap'] | undefined
}

type Words = {
  readonly [N in State['name']]: (state: Extract<State, { name: N }>, around: Circumstances) => string
}

const words: Words = {
  // The phases of an attempt follow each other too quickly to be read.
  connecting: ({ attempt }, { previous }) =>
    previous.name === 'connecting' ? '' : `Attempt ${attempt} begins.`,
  open({ resumed }, { flushed, awayMs, gap }) {
    const sent = flushed > 0 ? ` ${count(flushed, 'message')} that waited went out, in order.` : ''
    if (resumed === 'first' || awayMs === undefined) return `Connected.${sent}`
    if (gap !== undefined) return `${gapWords(gap)}${sent}`
    if (resumed) return `Back, nothing lost: the session went on.${sent}`
    return `Back after ${duration(awayMs)}, with the same session and the same listeners.${sent}`
  },
  waiting({ cause, delayMs }) {
    if (cause.kind === 'reconnect' || cause.kind === 'wake') return causeWords(cause)
    const why = isHinted(cause)
      ? 'as the server asked, and a random bit later'
      : 'a random wait, so that a thousand clients do not come at once'
    return `${causeWords(cause)} Next try in ${duration(delayMs)}: ${why}.`
  },
  idle: ({ cause }) => `${causeWords(cause)} Queue and listeners stay; Reconnect goes on.`,
  closing: () => 'A close frame is on its way; the server may answer.',
  closed: ({ cause }) => causeWords(cause),
}

/** Tells whether the server said when to come back: in a header, or where browsers can read it, in the close reason. */
function isHinted(cause: Cause): boolean {
  if (cause.kind === 'refused') return cause.retryAfterMs !== undefined
  return cause.kind === 'server-close' && cause.reason.includes('retry-after-ms=')
}

/** Says in plain words what a change of state means; `''` when it is not worth a word. */
export function changeWords(state: State, around: Circumstances): string {
  return (words[state.name] as (state: State, around: Circumstances) => string)(state, around)
}

/** Says how a session ended, once everything is given back: what it still holds, and what was never sent. */
export function endWords({ cause, handBack }: SessionEnd, { timers, listeners, sockets }: Resources): string {
  // Who pressed the button need not be told.
  const why = cause.kind === 'disposed' || cause.kind === 'closed' ? '' : `${causeWords(cause)} `
  const held = timers + listeners + sockets
  const left =
    held === 0 ? 'nothing any more: no timers, no listeners, no sockets' : `${count(held, 'thing')} still`
  const unsent = handBack.undelivered.length
  const back = unsent === 0 ? '' : ` ${count(unsent, 'message')} never left the queue and came back to you.`
  return `${why}The session holds ${left}.${back}`
}
