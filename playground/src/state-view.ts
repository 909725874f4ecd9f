import type { Session, State } from 'holdfast'
import { part } from './element.ts'
import { news } from './news.ts'
import { stateWords } from './state-words.ts'
import { ticker } from './ticker.ts'
import { duration } from './time-words.ts'

/** Numbers about the session so far. */
interface Tally {
  readonly connections: number
  readonly losses: number
}

/** Shows the state in large letters, the countdown to the next attempt, and a few facts. */
export function showState(): void {
  let session: Session | undefined
  let tally: Tally = { connections: 0, losses: 0 }
  const panel = part('now')
  const draw = (nowMs: number) => {
    if (session === undefined) return
    const { state, rttMs } = session
    panel.dataset['state'] = state.name
    text('state-name', state.name)
    text('pill', state.name)
    part('pill').dataset['state'] = state.name
    text('state-detail', stateWords(state, nowMs))
    text('fact-rtt', rttMs === undefined ? '–' : `${rttMs.toFixed(rttMs < 10 ? 1 : 0)} ms`)
    text(
      'fact-open',
      state.name === 'open' ? duration(Math.floor((nowMs - state.since) / 1_000) * 1_000) : '–',
    )
    text('fact-connections', String(tally.connections))
    text('fact-losses', String(tally.losses))
    part('countdown-bar').style.transform = `scaleX(${remaining(state, nowMs).toFixed(4)})`
  }
  news.on((item) => {
    if (item.type === 'session') {
      session = item.session
      tally = { connections: 0, losses: 0 }
    } else if (item.type === 'state' && item.session === session) {
      const { state, previous } = item.change
      if (state.name === 'open') tally = { ...tally, connections: tally.connections + 1 }
      if (previous.name === 'open' && state.name === 'waiting') tally = { ...tally, losses: tally.losses + 1 }
    } else return
    draw(Date.now())
  })
  ticker.on(draw)
}

/** How much of the wait is left, from 1 to 0. */
function remaining(state: State, nowMs: number): number {
  if (state.name !== 'waiting' || state.delayMs === 0) return 0
  return Math.min(1, Math.max(0, (state.retryAt - nowMs) / state.delayMs))
}

function text(id: string, words: string): void {
  const place = part(id)
  // Writing the same words again would make a selection in them vanish.
  if (place.textContent !== words) place.textContent = words
}
