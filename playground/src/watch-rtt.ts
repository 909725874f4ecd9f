import type { Session } from 'holdfast'
import { news } from './news.ts'
import { ticker } from './ticker.ts'

/** Notices round trips in resume mode, whose ping is the library's own: nothing is asked of the page when it is answered. */
export function watchRtt(): void {
  let session: Session | undefined
  let last: number | undefined
  news.on((item) => {
    if (item.type === 'session') session = item.resumes ? item.session : undefined
  })
  ticker.on(() => {
    const rttMs = session?.rttMs
    if (rttMs === last) return
    last = rttMs
    if (rttMs !== undefined) news.tell({ type: 'rtt', rttMs })
  })
}
