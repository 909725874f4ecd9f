import type { State } from 'holdfast'

/** Says where the session is, for the person who waits. */
export function stateWords(state: State, node: string | undefined): string {
  if (state.name === 'open') return node === undefined ? 'Connected' : `Connected to node ${node}`
  if (state.name === 'connecting') return `Connecting, attempt ${state.attempt}`
  if (state.name === 'waiting') return 'Connection lost'
  if (state.name === 'closing') return 'Saying goodbye'
  return state.name === 'idle' ? 'Resting' : 'Not in the room'
}

/** Says how long it is until the next try. Beside the state, as a count that is read aloud all the time helps nobody. */
export function waitWords(state: State, nowMs: number): string {
  if (state.name !== 'waiting') return ''
  return `next try in ${(Math.max(0, state.retryAt - nowMs) / 1_000).toFixed(1)} s`
}
