import { EchoBook } from './echo-book.ts'
import { part } from './element.ts'
import { news } from './news.ts'
import { onOptionsChange, resumeWanted } from './options-form.ts'
import { ticker } from './ticker.ts'
import { whole } from './time-words.ts'

const names = ['sent', 'acked', 'received', 'replayed', 'duplicates', 'resumed', 'gaps'] as const
type Tally = Record<(typeof names)[number], number>

const nothing = (): Tally => ({
  sent: 0,
  acked: 0,
  received: 0,
  replayed: 0,
  duplicates: 0,
  resumed: 0,
  gaps: 0,
})

/** Counts what resume mode is about. Visible when the switch is on, or the session was made with it. */
export function showResumeCard(): void {
  let tally = nothing()
  let echoes = new EchoBook()
  let resumes = false
  const unveil = () => {
    part('resume-card').hidden = !resumes && !resumeWanted()
  }
  news.on((item) => {
    if (item.type === 'session') {
      tally = nothing()
      echoes = new EchoBook()
      ;({ resumes } = item)
      unveil()
    } else if (item.type === 'sent') {
      // A late receipt of the session before counts there, not here.
      const ours = tally
      ours.sent += 1
      echoes.sent(item.message)
      void item.receipt.settled.then((end) => {
        if (end === 'acked') ours.acked += 1
      })
    } else if (item.type === 'message') {
      tally.received += 1
      if (echoes.isDuplicate(item.message)) tally.duplicates += 1
    } else if (item.type === 'replayed') tally.replayed += 1
    else if (item.type === 'resumed') tally.resumed += 1
    else if (item.type === 'gap') tally.gaps += 1
  })
  // A burst is hundreds of changes: they are drawn together.
  ticker.on(() => draw(tally))
  onOptionsChange(unveil)
  unveil()
}

function draw(tally: Tally): void {
  for (const name of names) {
    const place = part(`resume-${name}`)
    const words = whole(tally[name])
    if (place.textContent === words) continue
    place.textContent = words
    place.parentElement?.classList.toggle('zero', tally[name] === 0)
  }
}
