import type { Cause } from 'holdfast'
import { duration } from './time-words.ts'

const phases = {
  admit: 'the question whether it may start',
  resolve: 'the address',
  dial: 'the dial',
  hello: 'the first exchange',
} as const

const signals = {
  online: 'the network is back',
  offline: 'the network went away',
  visible: 'the page is visible again',
  pageshow: 'the page came back from the back/forward cache',
  resume: 'the page was thawed',
  'clock-jump': 'the machine slept',
} as const

type Kind = Cause['kind']
type Words = { readonly [K in Kind]: (cause: Extract<Cause, { kind: K }>) => string }

/** The set of kinds is closed, and the compiler knows when one is missing here. */
const words: Words = {
  'not-started': () => 'It was not started.',
  closed: ({ code }) => `You called close(), with code ${code}.`,
  disposed: () => 'You called dispose().',
  aborted: () => 'The abort signal fired.',
  paused: () => 'You called pause().',
  reconnect: () => 'You called reconnect().',
  credentials: () => 'The credentials changed.',
  pagehide: () => 'The page went away.',
  hidden: () => 'The page is hidden.',
  'server-close': ({ code, reason }) =>
    `The server closed, with code ${code}${reason === '' ? '' : ` and the reason “${reason}”`}.`,
  lost: () => 'The connection broke without a close frame.',
  unreachable: () => 'The dial failed; browsers do not say why.',
  refused: ({ status }) => `The server refused the dial with HTTP ${status}.`,
  forbidden: ({ name }) => `The browser forbids this connection (${name}).`,
  timeout: ({ phase, limitMs }) => `Time ran out for ${phases[phase]}: ${duration(limitMs)}.`,
  failed: ({ phase }) => `Something of the page failed: ${phases[phase]}.`,
  unauthorized: () => 'The provider gave no credentials.',
  'not-admitted': ({ by }) => `Not now, says ${by}.`,
  liveness: ({ silentMs }) =>
    `A ping stayed unanswered for ${duration(silentMs)}, so the connection counts as dead.`,
  wake: ({ signal }) => `Trying at once, because ${signals[signal]}.`,
  idle: ({ idleMs }) => `No message came or went for ${duration(idleMs)}.`,
  'max-lifetime': ({ ageMs }) => `The connection was ${duration(ageMs)} old, which is as old as it may get.`,
  'attempts-exhausted': ({ attempts }) => `${attempts} attempts failed in a row.`,
}

/** Says a cause as a sentence for somebody who does not know the library. */
export function causeWords(cause: Cause): string {
  return (words[cause.kind] as (cause: Cause) => string)(cause)
}
