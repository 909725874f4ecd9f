import {
  type ClientAction,
  ClientCore,
  type Outgoing,
  resolveClientOptions,
  utf8Bytes,
} from '@holdfast/protocol'
import type { Wire } from '../../protocol/sim/wire.ts'
import type { SimWorld } from './sim-world.ts'

interface Note extends Outgoing {
  readonly payload: string
}

/** The client: the protocol's real core, which comes back at whatever server there is. */
export class SimClient {
  readonly #world: SimWorld
  readonly #core = new ClientCore<Note>(resolveClientOptions({ cid: 'client' }))
  readonly #queue: Note[] = []
  readonly acked: string[] = []
  #wire: Wire | undefined
  #attempt = 0
  #heardAt = 0
  #made = 0
  #open = 0

  constructor(world: SimWorld) {
    this.#world = world
    this.#dial()
    this.#produce()
    this.#watch()
  }

  get isDrained(): boolean {
    return this.#world.isQuiet && this.#open === 0 && this.#queue.length === 0
  }

  #produce(): void {
    const { agenda, random, sendMs } = this.#world
    agenda.after(random.wait(sendMs), () => {
      if (this.#world.isQuiet) return
      this.#made += 1
      const payload = `up${this.#made}`
      this.#queue.push({ payload, bytes: utf8Bytes(payload) })
      this.#pump()
      this.#produce()
    })
  }

  #pump(): void {
    for (let note = this.#queue[0]; note !== undefined; note = this.#queue[0]) {
      if (typeof this.#core.offer(note) !== 'number') break
      this.#queue.shift()
      this.#open += 1
    }
    this.#run()
  }

  #dial(): void {
    const { agenda } = this.#world
    const dialed = this.#world.connect()
    if (dialed === undefined) return this.#again()
    const { wire, join } = dialed
    const attempt = this.#core.begin()
    this.#wire = wire
    this.#attempt = attempt
    this.#heardAt = agenda.now
    join({
      frame: (data) => {
        if (attempt === this.#attempt) this.#heardAt = agenda.now
        if (typeof data === 'string') this.#core.text(attempt, data)
        else this.#core.binary(attempt, data)
        this.#run()
      },
      closed: (code) => this.#lost(attempt, code),
    })
    this.#run()
  }

  #lost(attempt: number, code?: number): void {
    this.#core.closed(attempt, code)
    if (attempt === this.#attempt && this.#wire !== undefined) {
      this.#wire = undefined
      this.#again()
    }
    this.#run()
  }

  #again(): void {
    this.#world.agenda.after(this.#world.random.between(1, 100), () => this.#dial())
  }

  #watch(): void {
    const { agenda } = this.#world
    agenda.after(200, () => {
      if (this.#wire !== undefined && agenda.now - this.#heardAt > 1_800) {
        this.#wire.close('client', undefined)
        this.#lost(this.#attempt)
      }
      this.#watch()
    })
  }

  #run(): void {
    for (let action = this.#core.next(); action !== undefined; action = this.#core.next())
      this.#perform(action)
  }

  #perform(action: ClientAction<Note>): void {
    const { ledger, agenda } = this.#world
    switch (action.type) {
      case 'send':
        if (action.attempt === this.#attempt) this.#wire?.send('client', action.data)
        return
      case 'close':
        if (action.attempt !== this.#attempt) return
        this.#wire?.close('client', action.code)
        agenda.after(10, () => this.#lost(action.attempt, action.code))
        return
      case 'arm':
        agenda.arm(`client ${action.timer.name}`, action.delayMs, () => {
          this.#core.due(action.timer.name)
          this.#run()
        })
        return
      case 'disarm':
        agenda.disarm(`client ${action.timer.name}`)
        return
      case 'welcomed':
        this.#welcomed(action)
        return
      case 'deliver':
        ledger.down(String(action.payload))
        return
      case 'acked':
        this.#open -= action.entries.length
        for (const { payload } of action.entries)
          ledger.check(ledger.wasDelivered(payload), () => `${payload} is acknowledged and was not delivered`)
        ledger.count('up acked', action.entries.length)
        return
      case 'room':
        this.#pump()
        return
      case 'superseded':
        ledger.check(false, () => 'the only client was superseded')
        return
      default:
    }
  }

  #welcomed({ outcome }: Extract<ClientAction<Note>, { type: 'welcomed' }>): void {
    const { ledger } = this.#world
    ledger.count(outcome.name)
    if (outcome.name === 'gap') {
      const { uncertain, undelivered, delivered } = outcome.handBack
      this.#open -= uncertain.length + undelivered.length + delivered.length
      for (const { payload } of undelivered)
        ledger.check(!ledger.wasDelivered(payload), () => `${payload} is handed back and was delivered`)
      this.#world.gap(outcome.reason)
    }
    this.#pump()
  }
}
