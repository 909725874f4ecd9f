import type { ClientAction, Outcome } from './client-action.ts'
import type { ClientConfig } from './client-config.ts'
import type { Identity } from './client-hello.ts'
import { Exchange, type ExchangePort, type Fault } from './exchange.ts'
import type { LastCounts, Welcome } from './frame.ts'
import { type HandBack, nothing } from './hand-back.ts'
import { emptyInbox } from './inbox.ts'
import { lastOf } from './last-counts.ts'
import { limitsOf } from './limits.ts'
import { type LossReason, keepsCounts, toLossReason } from './loss-reason.ts'
import { emptyOutbox } from './outbox.ts'
import type { Outgoing, Payload } from './outgoing.ts'

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

/** What a held session needs of the core around it. */
export interface HeldSessionHost<Entry> {
  readonly config: ClientConfig
  readonly emit: (action: ClientAction<Entry>) => void
  /** Sends on the current connection. */
  readonly send: (data: Payload) => void
}

/** The client's side of the session at the server, across connections and losses. */
export class HeldSession<Entry extends Outgoing> {
  readonly #host: HeldSessionHost<Entry>
  #held: Held<Entry> = { name: 'none' }

  constructor(host: HeldSessionHost<Entry>) {
    this.#host = host
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
    return held.exchange.begin(welcome, limitsOf(welcome)) ?? { name: 'resumed' }
  }

  #renew(welcome: Welcome): Outcome<Entry> {
    if (this.#held.name === 'held') this.lose(toLossReason(welcome.lost), lastOf(welcome))
    const before = this.#held
    const { config } = this.#host
    const port = this.#port(welcome.sid)
    const exchange = new Exchange(config, port, limitsOf(welcome), emptyOutbox<Entry>(), emptyInbox())
    this.#held = { name: 'held', sid: welcome.sid, token: welcome.tok, exchange }
    exchange.begin(welcome, limitsOf(welcome))
    if (before.name !== 'lost') return { name: 'first' }
    return { name: 'gap', reason: before.reason, handBack: before.handBack }
  }

  #port(sid: string): ExchangePort<Entry> {
    const { emit, send } = this.#host
    return {
      send,
      deliver: (number, payload) => emit({ type: 'deliver', sid, number, payload }),
      acked: (entries, upTo) => emit({ type: 'acked', entries, upTo }),
      room: () => emit({ type: 'room' }),
      arm: (timer, delayMs) => emit({ type: 'arm', timer, delayMs }),
      disarm: (timer) => emit({ type: 'disarm', timer }),
    }
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
