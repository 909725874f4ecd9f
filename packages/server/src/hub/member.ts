import type { Release } from '@holdfast/lifetime'
import { Backlog, type Parcel } from './backlog.ts'
import type { ResolvedBackpressure } from './backpressure.ts'
import { type HubTarget, type MemberState, type Outlet, outletOf } from './outlet.ts'

/** What became of a message for one member. */
export type Delivery =
  /** Handed to its connection or session. */
  | 'sent'
  /** Waits until it takes more. */
  | 'waiting'
  /** Dropped, as its policy says, or because it is too large for it. */
  | 'dropped'
  /** It is over, or was disconnected for being slow. */
  | 'gone'

/** Connections and sessions that a hub knows. Made by `register`. */
export interface Member {
  /** The connection or session. */
  readonly target: HubTarget
  /** Whose it is; `undefined` for nobody in particular. */
  readonly principal: string | undefined
  /** Where it is now; sessions that are `unconfirmed` are not known to anybody yet. */
  readonly state: MemberState
  /** The rooms it is in. */
  readonly rooms: ReadonlySet<string>
  /** What waits for it. */
  readonly waiting: { readonly messages: number; readonly bytes: number }
  /** Messages that it did not get: it only grows. */
  readonly dropped: number
}

/** What a member needs of its hub. */
export interface MemberHost {
  /** Messages for it were lost, for the first time since it last took all. */
  readonly onOverflow: (member: Member, outcome: 'dropped' | 'disconnected') => void
  readonly onEnd: (member: HubMember) => void
}

type Flow = { readonly name: 'flowing' } | { readonly name: 'blocked'; readonly overflow: 'none' | 'told' }

const flowing: Flow = { name: 'flowing' }

/** A member as the hub itself sees it. */
export class HubMember implements Member {
  readonly target: HubTarget
  readonly principal: string | undefined
  readonly rooms = new Set<string>()
  readonly #policy: ResolvedBackpressure
  readonly #backlog: Backlog
  readonly #outlet: Outlet
  readonly #host: MemberHost
  #flow: Flow = flowing
  #dropped = 0
  #forget: Release = () => {}

  constructor(
    target: HubTarget,
    principal: string | undefined,
    backpressure: ResolvedBackpressure,
    host: MemberHost,
  ) {
    this.target = target
    this.principal = principal
    this.#policy = backpressure
    this.#backlog = new Backlog(backpressure)
    this.#outlet = outletOf(target)
    this.#host = host
    this.#forget = this.#outlet.onEnd(() => this.#host.onEnd(this))
  }

  get state(): MemberState {
    return this.#outlet.state()
  }

  get waiting(): { readonly messages: number; readonly bytes: number } {
    return { messages: this.#backlog.messages, bytes: this.#backlog.bytes }
  }

  get dropped(): number {
    return this.#dropped
  }

  /** Sends a message, or lets it wait. */
  deliver(parcel: Parcel): Delivery {
    if (this.#flow.name === 'flowing') return this.#send(parcel)
    const { kept, dropped } = this.#backlog.add(parcel)
    if (dropped > 0 && this.#policy.policy === 'disconnect') return this.#disconnect()
    if (dropped > 0) this.#drop(dropped)
    return kept ? 'waiting' : 'dropped'
  }

  /** Lets go of the target, and of what waits for it. */
  release(): void {
    this.#forget()
    this.#dropped += this.#backlog.clear()
  }

  #send(parcel: Parcel): Delivery {
    const flow = this.#outlet.send(parcel.data)
    if (flow === 'flowing') return 'sent'
    if (flow === 'refused') {
      this.#dropped += 1
      this.#host.onOverflow(this, 'dropped')
      return 'dropped'
    }
    if (flow === 'gone') return 'gone'
    this.#flow = { name: 'blocked', overflow: 'none' }
    this.#outlet.onRoom(() => this.#pump())
    return 'sent'
  }

  /** Sends what waits, until it is not taken any more. */
  #pump(): void {
    this.#flow = flowing
    while (this.#flow === flowing) {
      const parcel = this.#backlog.take()
      if (parcel === undefined) return
      this.#send(parcel)
    }
  }

  #drop(messages: number): void {
    this.#dropped += messages
    if (this.#flow.name !== 'blocked' || this.#flow.overflow === 'told') return
    this.#flow = { name: 'blocked', overflow: 'told' }
    this.#host.onOverflow(this, 'dropped')
  }

  #disconnect(): Delivery {
    this.#dropped += 1 + this.#backlog.clear()
    this.#host.onOverflow(this, 'disconnected')
    this.#outlet.disconnect()
    this.#host.onEnd(this)
    return 'gone'
  }
}
