import type { State } from 'holdfast'
import { causeWords } from './cause-words.ts'
import { clockTime, duration } from './time-words.ts'

const phases = {
  admit: 'may it start?',
  resolve: 'asking for the address',
  dial: 'dialling',
  hello: 'first exchange',
} as const

type Words = {
  readonly [N in State['name']]: (state: Extract<State, { name: N }>, nowMs: number) => string
}

const words: Words = {
  idle: ({ cause }) => `Alive, but not trying. ${causeWords(cause)}`,
  connecting: ({ attempt, phase }) => `Attempt ${attempt}: ${phases[phase]}.`,
  open: ({ since, resumed }) =>
    `Connected since ${clockTime(since)}${resumed === 'first' ? ', for the first time' : ', once more'}.`,
  waiting: ({ attempt, retryAt, cause }, nowMs) =>
    `Attempt ${attempt} in ${duration(retryAt - nowMs)}. ${causeWords(cause)}`,
  closing: ({ deadline }, nowMs) => `Saying goodbye; over in ${duration(deadline - nowMs)} at the latest.`,
  closed: ({ cause }) => `Over for good. ${causeWords(cause)}`,
}

/** Says what a state means at a moment, in a sentence or two. */
export function stateWords(state: State, nowMs: number): string {
  return (words[state.name] as (state: State, nowMs: number) => string)(state, nowMs)
}
