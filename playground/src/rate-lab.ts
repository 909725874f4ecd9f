import type { Session } from 'holdfast'
import { type SendLimit, sendLimit } from 'holdfast/rate'
import { button, input, part } from './element.ts'
import { type Lab, openLabSession, showNumbers, showVerdict, sumOf, wireFaults } from './lab.ts'
import { barMs, bars, RatePicture } from './rate-picture.ts'
import { isShown } from './tabs.ts'
import { ticker } from './ticker.ts'
import { whole } from './time-words.ts'

/** A session with a limit, and what went out. */
interface Running {
  readonly session: Session
  readonly limit: SendLimit
  /** Messages that went out in each stretch of time, by its number. */
  readonly sent: Map<number, number>
  readonly counts: { written: number; back: number }
}

/** Shows a rate limit: what goes out, and what waits. */
export function showRateLab(lab: Lab): void {
  const picture = new RatePicture()
  const field = input('rate-perSecond')
  let running: Running | undefined
  const showRate = () => {
    part('rate-perSecond-value').textContent =
      `${whole(Number(field.value))} a second, from the next Start on`
  }
  field.addEventListener('input', showRate)
  button('rate-start').addEventListener('click', () => {
    stop(running)
    running = start(lab, Number(field.value))
  })
  button('rate-stop').addEventListener('click', () => stop(running))
  button('rate-burst').addEventListener('click', () => {
    for (let n = 1; n <= 100; n += 1) running?.session.send(`${n} of 100`)
  })
  button('rate-slow').addEventListener('click', () => running?.limit.slowDown({ perSecond: 2, forMs: 5_000 }))
  wireFaults('rate', lab)
  showRate()
  ticker.on((nowMs) => {
    if (isShown('rate')) draw(picture, running, nowMs)
  })
}

function start(lab: Lab, perSecond: number): Running {
  const limit = sendLimit({ perSecond, burst: Math.max(1, Math.round(perSecond / 2)) })
  const session = openLabSession(lab, [limit.plug])
  const sent = new Map<number, number>()
  const counts = { written: 0, back: 0 }
  session.on('sent', () => {
    const now = Math.floor(Date.now() / barMs)
    sent.set(now, (sent.get(now) ?? 0) + 1)
    sent.delete(now - bars - 1)
    counts.written += 1
  })
  session.on('message', () => {
    counts.back += 1
  })
  return { session, limit, sent, counts }
}

function stop(running: Running | undefined): void {
  running?.session.dispose()
  running?.limit.dispose()
}

function draw(picture: RatePicture, running: Running | undefined, nowMs: number): void {
  const { session, limit, sent, counts } = running ?? {}
  const now = Math.floor(nowMs / barMs)
  const waiting = session?.queue.size ?? 0
  picture.draw({
    sent: Array.from({ length: bars }, (_, at) => sent?.get(now - bars + 1 + at) ?? 0),
    perSecond: Math.round(limit?.perSecond ?? 0),
    waiting,
  })
  showNumbers('rate', {
    written: counts?.written ?? 0,
    back: counts?.back ?? 0,
    waiting,
    tokens: Math.max(0, Math.floor(limit?.tokens ?? 0)),
  })
  if (session === undefined) return showVerdict('rate', 'not started', undefined)
  const isOver = session.state.name === 'closed'
  showVerdict('rate', isOver ? 'stopped' : session.state.name, isOver ? sumOf([session]) : undefined)
}
