import type { Resources, Session } from 'holdfast'
import { part } from './element.ts'
import { news } from './news.ts'
import { ticker } from './ticker.ts'

const kinds = ['timers', 'listeners', 'sockets', 'closing'] as const

/** Shows what the session holds, and that it is nothing after the end. */
export function showLedger(): void {
  let session: Session | undefined
  const draw = () => {
    if (session === undefined) return
    const { resources } = session
    for (const kind of kinds) {
      const place = part(`ledger-${kind}`)
      const words = String(resources[kind])
      if (place.textContent !== words) place.textContent = words
      place.parentElement?.classList.toggle('zero', resources[kind] === 0)
    }
    const released = session.state.name === 'closed' && held(resources) === 0
    part('ledger').classList.toggle('released', released)
    part('ledger-verdict').classList.toggle('released', released)
    const verdict = released ? 'everything given back' : `${held(resources)} held`
    if (part('ledger-verdict').textContent !== verdict) part('ledger-verdict').textContent = verdict
  }
  news.on((item) => {
    if (item.type === 'session') session = item.session
    if (item.type === 'session' || item.type === 'state' || item.type === 'closed') draw()
  })
  ticker.on(draw)
}

const held = ({ timers, listeners, sockets, closing }: Resources): number =>
  timers + listeners + sockets + closing
