import { ClientCore, type Payload, resolveClientOptions } from '../src/index.ts'
import type { Random } from '../sim/random.ts'
import { Corruptor } from './corruptor.ts'
import type { Hints } from './frame-maker.ts'
import { type Numbered, message } from './messages.ts'
import type { Visitor, Wire } from './visitor.ts'

/** A client core that means well behind a corruptor that does not, with credentials of its own or somebody else's. */
export class HostileClient implements Visitor {
  readonly principal: string | null
  readonly isHostile = true
  readonly #random: Random
  readonly #wire: Wire
  readonly #corruptor: Corruptor
  #puppet: ClientCore<Numbered>
  #attempt = 0
  #connection: number | undefined
  #sent = 0
  /** Id and present token of its own session. */
  #own: { readonly sids: readonly string[]; readonly tokens: readonly string[] } = { sids: [], tokens: [] }

  constructor(principal: string | null, random: Random, wire: Wire) {
    this.principal = principal
    this.#random = random
    this.#wire = wire
    this.#corruptor = new Corruptor(random, 'hello')
    this.#puppet = this.#newPuppet()
  }

  #newPuppet(): ClientCore<Numbered> {
    return new ClientCore<Numbered>(resolveClientOptions({ cid: 'mallory' }))
  }

  get connection(): number | undefined {
    return this.#connection
  }

  /** Makes a frame of somebody else known, to be used at will. */
  overhear(data: Payload): void {
    this.#corruptor.overhear(data)
  }

  #dial(hints: Hints): void {
    this.hangUp()
    this.#sent = 0
    if (this.#random.chance(0.3)) {
      // Without the puppet: the very first frame may be anything.
      this.#connection = this.#wire.connect(this)
      this.#wire.send(this.#connection, this.#corruptor.introduce(hints), true)
      return
    }
    if (this.#puppet.phase === 'ended') this.#puppet = this.#newPuppet()
    this.#attempt = this.#puppet.begin(this.#random.pick(undefined, 'secret'))
    this.#connection = this.#wire.connect(this)
  }

  hangUp(): void {
    const connection = this.#connection
    this.#connection = undefined
    this.#puppet.closed(this.#attempt)
    if (connection !== undefined) this.#wire.close(connection)
  }

  /** Does one thing of many. */
  act(known: Omit<Hints, 'count' | 'attempt'>): void {
    const random = this.#random
    const roll = random.unit()
    // Its own session is one that it can open, and then lie about.
    const chosen = random.chance(0.4) ? this.#own : known
    const hints = { ...chosen, count: this.#sent, attempt: this.#attempt }
    const isLive = this.#puppet.phase === 'live'
    if (this.#connection === undefined || (!isLive && roll < 0.1)) this.#dial(hints)
    else if (roll < (isLive ? 0.05 + this.#corruptor.fury : 0.6))
      this.#wire.send(this.#connection, this.#corruptor.invent(hints), true)
    else if (roll < 0.7) {
      for (let times = random.between(1, 3); times > 0; times -= 1)
        if (typeof this.#puppet.offer(message(random.between(1, 99))) === 'number') this.#sent += 1
    } else if (roll < 0.8) this.#puppet.due(random.pick('ack', 'drain'), 0)
    else if (roll < 0.9) this.#puppet.ping(random.between(0, 9))
    else if (roll < 0.95) this.#puppet.refresh(random.pick<unknown>('fresh', null, { a: 1 }))
    else if (roll < 0.97) this.#puppet.leave()
    else this.hangUp()
  }

  receive(data: Payload): void {
    if (typeof data === 'string') {
      const [, sid, token] = /"sid":"([^"]+)","tok":"([^"]+)"/.exec(control(data)) ?? []
      if (sid !== undefined && token !== undefined) this.#own = { sids: [sid], tokens: [token] }
      this.#puppet.text(this.#attempt, data)
    } else this.#puppet.binary(this.#attempt, data)
  }

  closed(code: number): void {
    this.#puppet.closed(this.#attempt, code)
    // It goes on talking on a connection that the server has closed, for as long as the server lets it.
    if (this.#random.chance(0.7)) this.#connection = undefined
  }

  /** Executes what the puppet asks for; returns whether there was anything. */
  pump(): boolean {
    const action = this.#puppet.next()
    if (action === undefined) return false
    const connection = this.#connection
    if (action.type === 'close' && action.attempt === this.#attempt) this.hangUp()
    if (action.type !== 'send' || connection === undefined || action.attempt !== this.#attempt) return true
    const passed = this.#corruptor.pass(action.data)
    const isWrong = passed.length !== 1 || passed[0] !== action.data
    for (const data of passed) this.#wire.send(connection, data, isWrong)
    return true
  }
}

/** A frame of the server, and not the text of a message. */
function control(data: string): string {
  return data.startsWith('\u0010W') ? data : ''
}
