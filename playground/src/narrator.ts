import type { Session, SessionEvents, StateChange } from 'holdfast'
import { changeWords, endWords } from './change-words.ts'
import { part } from './element.ts'
import { news } from './news.ts'

/** Says in plain words what just happened: what the person did, and what the session made of it. */
export function narrate(): void {
  let action = ''
  let current: Session | undefined
  const say = (reaction: string) => {
    part('story-text').textContent = [action, reaction].filter((words) => words !== '').join(' ')
  }
  const changed = followChanges((words, state) => {
    say(words)
    part('announcer').textContent = `${state}. ${words}`
  })
  news.on((item) => {
    if (item.type === 'session') current = item.session
    else if (item.type === 'action') {
      action = item.words
      say('')
    } else if (item.type === 'network') {
      const words = networkWords(item.event.event, current)
      if (words !== undefined) say(words)
    } else if (item.type === 'state') changed(item.change, item.session)
    else if (item.type === 'closed') {
      // The handler that hears this is itself still held: what is left is told a moment later.
      const { end, session } = item
      void session.closed.then(() => {
        if (session === current) say(endWords(end, session.resources))
      })
    }
  })
}

/** Gives the function that takes changes and keeps in mind what they are compared with. */
function followChanges(say: (words: string, state: string) => void) {
  let waiting = 0
  let lostAtMs: number | undefined
  let gap: SessionEvents['gap'] | undefined
  news.on((item) => {
    if (item.type === 'sent') waiting += item.receipt.status === 'queued' ? 1 : 0
    if (item.type === 'gap') ({ gap } = item)
    if (item.type === 'session') [lostAtMs, gap] = [undefined, undefined]
  })
  return ({ state, previous }: StateChange, { queue }: Session) => {
    if (previous.name === 'open') lostAtMs = Date.now()
    const flushed = state.name === 'open' ? waiting - queue.size : 0
    const awayMs = lostAtMs === undefined ? undefined : Date.now() - lostAtMs
    waiting = queue.size
    const words = changeWords(state, { flushed, awayMs, previous, gap })
    if (state.name === 'open') gap = undefined
    if (words !== '') say(words, state.name)
  }
}

/** What the proxy's schedule being over means for the session. */
function networkWords(event: string, session: Session | undefined): string | undefined {
  if (event !== 'schedule-ended') return undefined
  return session?.state.name === 'waiting'
    ? 'The trouble is over. Nobody tells the session: it finds out at its next try, or at once when you press Reconnect.'
    : 'The trouble is over.'
}
