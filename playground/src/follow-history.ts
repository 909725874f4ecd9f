import { History } from './history.ts'
import { news } from './news.ts'

const networkMarks: ReadonlySet<string> = new Set(['cut', 'reset'])

/** Makes the history of this page from the news. */
export function followHistory(): History {
  const history = new History()
  news.on((item) => {
    const nowMs = Date.now()
    if (item.type === 'session') history.began(item.session.state.name, nowMs)
    if (item.type === 'rtt') history.measured(item.rttMs, nowMs)
    if (item.type === 'action' && item.mark !== undefined) history.marked(item.mark, nowMs)
    if (item.type === 'network' && networkMarks.has(item.event.event)) history.marked(item.event.event, nowMs)
    if (item.type === 'state') {
      history.began(item.change.state.name, nowMs)
      if (item.change.previous.name === 'open') history.measured(undefined, nowMs)
    }
  })
  return history
}
