import type { Session } from 'holdfast'
import { part } from './element.ts'
import { news } from './news.ts'
import { readOptions } from './options-form.ts'
import { ticker } from './ticker.ts'
import { whole } from './time-words.ts'

/** What the session was made with: the form may say something else by now. */
type Bounds = typeof Holdfast.defaults.queue

/** Shows how much waits, against the bounds. */
export function showQueue(): void {
  let session: Session | undefined
  let bounds: Bounds = Holdfast.defaults.queue
  const draw = () => {
    gauge('messages', session?.queue.size ?? 0, bounds.maxMessages)
    gauge('bytes', session?.queue.bytes ?? 0, bounds.maxBytes)
  }
  news.on((item) => {
    if (item.type === 'session') {
      session = item.session
      bounds = { ...Holdfast.defaults.queue, ...readOptions().queue }
    }
    if (item.type === 'session' || item.type === 'sent' || item.type === 'state') draw()
  })
  ticker.on(draw)
  draw()
}

function gauge(name: 'messages' | 'bytes', value: number, most: number): void {
  const track = part(`gauge-${name}`)
  const words = `${whole(value)} of ${whole(most)}`
  const place = part(`gauge-${name}-value`)
  if (place.textContent === words) return
  const share = Number.isFinite(most) && most > 0 ? Math.min(1, value / most) : 0
  place.textContent = words
  track.setAttribute('aria-valuemax', String(Number.isFinite(most) ? most : Math.max(1, value)))
  track.setAttribute('aria-valuenow', String(value))
  track.setAttribute('aria-valuetext', words)
  track.classList.toggle('high', share >= 0.6 && share < 0.95)
  track.classList.toggle('full', share >= 0.95)
  const bar = track.firstElementChild
  if (bar instanceof HTMLElement) bar.style.transform = `scaleX(${share.toFixed(4)})`
}
