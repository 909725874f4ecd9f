import { input, part } from './element.ts'
import { news } from './news.ts'
import type { Faults, ProxyEvent } from './proxy-event.ts'
import { Topic } from './topic.ts'

/** What the HTTP control of the fault proxy answers, as far as it is used here. */
interface Answer {
  readonly faults?: Faults
  /** The number of the newest event that the answer knows of. */
  readonly lastEvent?: number
  readonly error?: { readonly message?: string }
}

/** Steers the fault proxy over HTTP, and listens to what it says. */
export class ChaosControl {
  /** The faults in force, whoever set them. */
  readonly faults = new Topic<Faults>()
  readonly #field = input('control')
  readonly #problem = part('proxy-problem')
  #events: EventSource | undefined
  #newest = 0

  constructor() {
    this.#field.addEventListener('change', () => this.#listenAnew())
  }

  /** Begins to steer the proxy at an address. */
  use(address: string): void {
    this.#field.value = address
    this.#listenAnew()
  }

  cut = (): Promise<boolean> => this.#call('POST', '/cut')
  reset = (): Promise<boolean> => this.#call('POST', '/reset')
  clear = (): Promise<boolean> => this.#call('POST', '/clear')
  set = (faults: Partial<Faults>): Promise<boolean> => this.#call('PATCH', '/faults', faults)
  /** Runs steps, or draws them: `{ random: … }`. */
  schedule = (steps: unknown): Promise<boolean> => this.#call('POST', '/schedule', steps)

  /** Tells whether it was done; if not, the page says why. */
  async #call(method: string, path: string, body?: unknown): Promise<boolean> {
    if (this.#events === undefined) this.#listenAnew()
    try {
      const response = await fetch(new URL(path, this.#field.value), {
        method,
        ...(body === undefined
          ? {}
          : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
      })
      const answer = (await response.json()) as Answer
      // An answer may be overtaken by an event that is newer.
      if (answer.faults && (answer.lastEvent ?? 0) >= this.#newest) this.faults.tell(answer.faults)
      this.#problem.textContent = response.ok
        ? ''
        : `The fault proxy refused: ${answer.error?.message ?? response.status}`
      return response.ok
    } catch {
      this.#problem.textContent = `No fault proxy answers at ${this.#field.value}. Start it with npm start, or correct its address below.`
      return false
    }
  }

  /** One stream of events at a time. It is not tried again by itself: the next press of a button does that. */
  #listenAnew(): void {
    this.#events?.close()
    this.#events = undefined
    this.#newest = 0
    if (!URL.canParse('/events', this.#field.value)) return
    const events = new EventSource(new URL('/events', this.#field.value))
    this.#events = events
    events.addEventListener('open', () => {
      part('control-state').textContent = 'Reached; its events are in the log.'
      void this.#call('GET', '/')
    })
    events.addEventListener('message', ({ data }) => this.#heard(JSON.parse(String(data)) as ProxyEvent))
    events.addEventListener('error', () => {
      events.close()
      if (this.#events !== events) return
      this.#events = undefined
      part('control-state').textContent = 'Not reached.'
    })
  }

  #heard(event: ProxyEvent): void {
    this.#newest = event.n
    if (event.faults) this.faults.tell(event.faults)
    // Steps of a schedule change faults without an event that lists them.
    if (event.event === 'step' || event.event === 'step-ended' || event.event === 'clear')
      void this.#call('GET', '/')
    news.tell({ type: 'network', event })
  }
}
