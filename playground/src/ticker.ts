import { Topic } from './topic.ts'

const calm = matchMedia('(prefers-reduced-motion: reduce)')
const smoothMs = 80
const calmMs = 1_000

/** Tells the time (epoch ms) for everything on the page that moves: often, or once a second for those who want less motion. */
export const ticker = new Topic<number>()

let timer = 0
let frame = 0

/** Starts ticking. Nothing is drawn while the page is hidden, as the browser gives it no frames. */
export function startTicker(): void {
  const tick = () => {
    cancelAnimationFrame(frame)
    frame = requestAnimationFrame(() => ticker.tell(Date.now()))
  }
  clearInterval(timer)
  timer = window.setInterval(tick, calm.matches ? calmMs : smoothMs)
  tick()
}

calm.addEventListener('change', startTicker)
