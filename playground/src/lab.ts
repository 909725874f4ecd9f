import type { Session, SessionOptions } from 'holdfast'
import type { AddressBox } from './address-box.ts'
import type { ChaosControl } from './chaos-control.ts'
import { button, part } from './element.ts'
import { whole } from './time-words.ts'

/** What each tab beside the session's own may use. */
export interface Lab {
  readonly address: AddressBox
  readonly chaos: ChaosControl
}

/** Opens a session as the tabs have them: quick to notice and to come back, so that there is something to see. */
export function openLabSession({ address }: Lab, plugs: SessionOptions['plugs'] = []): Session {
  return Holdfast.connect(() => address.value, {
    plugs,
    connect: { dialTimeoutMs: 3_000 },
    backoff: { baseMs: 600, capMs: 2_000 },
    heartbeat: {
      intervalMs: 2_000,
      timeoutMs: 2_000,
      ping: () => 'ping',
      isPong: (message) => message === 'ping',
    },
  })
}

/** Wires the buttons that break the network in a tab; each proxy steers all lines, those of the other tabs too. */
export function wireFaults(name: string, { chaos }: Lab): void {
  const refused = { afterMs: 0, set: { accept: 'refuse' }, forMs: 5_000 }
  button(`${name}-cut`).addEventListener('click', () => void chaos.cut())
  button(`${name}-refuse`).addEventListener(
    'click',
    () => void chaos.schedule([refused, { afterMs: 20, action: 'cut' }]),
  )
}

/** Shows numbers in their tiles. */
export function showNumbers(prefix: string, numbers: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(numbers)) {
    const place = part(`${prefix}-${name}`)
    const words = whole(value)
    if (place.textContent === words) continue
    place.textContent = words
    place.parentElement?.classList.toggle('zero', value === 0)
  }
}

/** Says whether everything was given back. */
export function showVerdict(
  prefix: string,
  words: string,
  held: Readonly<Record<string, number>> | undefined,
): void {
  const place = part(`${prefix}-verdict`)
  const isFree = held !== undefined && Object.values(held).every((number) => number === 0)
  const said = isFree ? 'everything given back' : words
  if (place.textContent === said) return
  place.textContent = said
  place.classList.toggle('released', isFree)
}

/** Sums what several owners hold. */
export function sumOf(
  all: readonly { readonly resources: Session['resources'] }[],
): Readonly<Record<string, number>> {
  const sum = (kind: keyof Session['resources']) =>
    all.reduce((total, { resources }) => total + resources[kind], 0)
  return {
    timers: sum('timers'),
    listeners: sum('listeners'),
    sockets: sum('sockets'),
    closing: sum('closing'),
  }
}

/** Waits; at once when the signal aborts. */
export function rest(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const done = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done)
  })
}
