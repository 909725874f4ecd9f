import type { Outcome } from './client-action.ts'
import type { ClientConfig } from './client-config.ts'
import type { Identity } from './client-hello.ts'
import { Exchange, type ExchangePort, type Fault } from './exchange.ts'
import type { LastCounts, Welcome } from './frame.ts'
import { type HandBack, nothing } from './hand-back.ts'
import { emptyInbox } from './inbox.ts'
import { lastOf } from './last-counts.ts'
import { limitsOf } from './limits.ts'
import { type LossReason, keepsCounts, toLossReason } from './loss-reason.ts'
import { emptyOutbox } from './outbox-state.ts'
import type { Outgoing } from './outgoing.ts'

/** Not yet a session, one at the server, or one that is lost and waits to be reported with the next WELCOME. */
type Held<Entry extends Outgoing> =
  | { readonly name: 'none' }
  | {
      readonly name: 'held'
      readonly sid: string
      readonly token: string
      readonly exchange: Exchange<Entry>
    }
  | { readonly name: 'lost'; readonly reason: LossReason; readonly handBack: HandBack<Entry> }

/** The client's side of the session at the server, across connections and losses. */
export class HeldSession<Entry extends Outgoing> {
  readonly #config: ClientConfig
  readonly #port: ExchangePort<Entry>
  #held: Held<Entry> = { name: 'none' }

  constructor(config: ClientConfig, port: ExchangePort<Entry>) {
    this.#config = config
    this.#port = port
  }

  /** Session id and token for the next HELLO, while there is something to continue. */
  get identity(): Identity | undefined {
    return this.#held.name === 'held' ? this.#held : undefined
  }

  get exchange(): Exchange<Entry> | undefined {
    return this.#held.name === 'held' ? this.#held.exchange : undefined
  }

  /**
   * Takes a WELCOME: goes on with the session or starts a new one, and says what that means for the application; or says
   * what is wrong with the WELCOME. The ACK that it calls for is sent.
   */
  adopt(welcome: Welcome): Outcome<Entry> | Fault | 'protocol' {
    if (!welcome.res) return this.#renew(welcome)
    const held = this.#held
    if (held.name !== 'held' || held.sid !== welcome.sid) return 'protocol'
    this.#held = { ...held, token: welcome.tok }
    return held.exchange.begin(welcome, limitsOf(welcome), welcome.ext) ?? { name: 'resumed' }
  }

  #renew(welcome: Welcome): Outcome<Entry> {
    if (this.#held.name === 'held') this.lose(toLossReason(welcome.lost), lastOf(welcome))
    const before = this.#held
    const { sid, tok } = welcome
    const limits = limitsOf(welcome)
    const exchange = new Exchange(sid, this.#config, this.#port, limits, emptyOutbox<Entry>(), emptyInbox())
    this.#held = { name: 'held', sid, token: tok, exchange }
    exchange.begin(welcome, limits, welcome.ext)
    if (before.name !== 'lost') return { name: 'first' }
    return { name: 'gap', reason: before.reason, handBack: before.handBack }
  }

  /** Gives the session up and keeps what it still held until that can be reported. Counts that the reason spoils are not used. */
  lose(reason: LossReason, last: LastCounts | undefined): void {
    if (this.#held.name !== 'held') return
    this.#held.exchange.stop()
    const handBack = this.#held.exchange.handBack(keepsCounts(reason) ? last : undefined)
    this.#held = { name: 'lost', reason, handBack }
  }

  /** Forgets the session and returns what it still held; nothing the second time. */
  release(last?: LastCounts): HandBack<Entry> {
    const held = this.#held
    this.#held = { name: 'none' }
    if (held.name === 'none') return nothing()
    if (held.name === 'lost') return held.handBack
    held.exchange.stop()
    return held.exchange.handBack(last)
  }
}
