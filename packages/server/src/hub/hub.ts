import { Emitter, type Release, Scope, systemClock } from '@holdfast/lifetime'
import { warn } from '../log.ts'
import { knownNames, shown, text } from '../option-checks.ts'
import { isShared, shareBytes } from '../shared-bytes.ts'
import type { Parcel } from './backlog.ts'
import { type Backpressure, type ResolvedBackpressure, resolveBackpressure } from './backpressure.ts'
import { type Client, HubClient } from './client.ts'
import { type Delivery, HubMember, type Member } from './member.ts'
import type { HubTarget } from './outlet.ts'

/** The options of a hub. */
export interface HubOptions {
  /** What happens to messages for members that do not take them. */
  readonly backpressure?: Backpressure
}

/** How to register. */
export interface RegisterOptions {
  /** Whose it is. Default: the session's principal; connections have none. */
  readonly principal?: string
  /** Rooms to join at once. */
  readonly rooms?: readonly string[]
  /** What differs for this member from the hub's own. */
  readonly backpressure?: Backpressure
}

/** Whom a message is for, and how. */
export interface BroadcastOptions {
  /** Only those in this room. Default: everyone. */
  readonly room?: string
  /** Not to this one: usually who it came from. */
  readonly except?: HubTarget | Member
  /** With `coalesce`: names what it is the state of. */
  readonly key?: string
}

/** For how many members what became of a message. */
export type BroadcastResult = Readonly<Record<Delivery, number>>

/** What a hub tells. */
export interface HubEvents {
  /** The last connection or session of a principal has gone, and what was tied to it is released. */
  empty: { readonly principal: string }
  /** Messages for a slow member were lost: told once until it has taken all that waits, and when it is disconnected. */
  overflow: { readonly member: Member; readonly outcome: 'dropped' | 'disconnected' }
  /** A handler or a release failed. Without a listener it becomes a process warning. */
  error: { readonly error: unknown }
}

/** Makes a hub. @throws TypeError or RangeError naming the option, its bound and the value received */
export function createHub(options: HubOptions = {}): Hub {
  knownNames('options', options, ['backpressure'])
  return new Hub(resolveBackpressure(options.backpressure ?? {}))
}

/**
 * Connections and sessions, who they belong to and which rooms they are in, and messages to many of them. A message is encoded
 * once, and a member that does not take its messages holds up nobody else. Make one with `createHub`.
 */
export class Hub {
  readonly #scope = new Scope(systemClock)
  readonly #events: Emitter<HubEvents> = new Emitter(this.#scope, (error) => this.#report(error))
  readonly #backpressure: ResolvedBackpressure
  readonly #members = new Map<HubTarget, HubMember>()
  readonly #rooms = new Map<string, Set<HubMember>>()
  readonly #clients = new Map<string, HubClient>()

  constructor(backpressure: ResolvedBackpressure) {
    this.#backpressure = backpressure
  }

  /** How many members there are. */
  get size(): number {
    return this.#members.size
  }

  /** Iterates over the members, oldest first. */
  members(room?: string): IterableIterator<Member> {
    return room === undefined ? this.#members.values() : (this.#rooms.get(room) ?? []).values()
  }

  /** Iterates over the rooms with somebody in it. */
  rooms(): IterableIterator<string> {
    return this.#rooms.keys()
  }

  /** Iterates over the principals with a connection or session here. */
  clients(): IterableIterator<Client> {
    return this.#clients.values()
  }

  /** Finds what is known of a principal; `undefined` when nothing of it is here. */
  client(principal: string): Client | undefined {
    return this.#clients.get(principal)
  }

  /** Registers a handler and returns its undo. After `dispose` nothing is registered. */
  on<Type extends keyof HubEvents>(type: Type, handler: (event: HubEvents[Type]) => unknown): Release {
    return this.#events.on(type, handler)
  }

  /**
   * Makes a connection or a session a member until it ends. For one that is a member already it only joins the rooms; one that
   * has ended, and any after `dispose`, is not taken: the answer has the state `ended` or gets nothing.
   * @throws TypeError or RangeError naming the option, its bound and the value received
   */
  register(target: HubTarget, options: RegisterOptions = {}): Member {
    knownNames('options', options, ['principal', 'rooms', 'backpressure'])
    const backpressure = resolveBackpressure(options.backpressure ?? {}, this.#backpressure)
    const given = options.principal ?? ('principal' in target ? target.principal : null)
    const principal = given === null ? undefined : text('principal', given)
    for (const room of options.rooms ?? []) text('rooms', room)
    const member =
      this.#members.get(target) ??
      new HubMember(target, principal, backpressure, {
        onOverflow: (slow, outcome) => void this.#events.emit('overflow', { member: slow, outcome }),
        onEnd: (ended) => void this.unregister(ended),
      })
    if (member.state === 'ended' || this.#scope.ended) {
      member.release()
      return member
    }
    if (!this.#members.has(target)) this.#enter(member)
    for (const room of options.rooms ?? []) this.join(member, room)
    return member
  }

  /** Forgets a member; its connection or session goes on. Returns whether it was one. */
  unregister(who: HubTarget | Member): boolean {
    const member = this.#find(who)
    if (member === undefined) return false
    this.#members.delete(member.target)
    for (const room of member.rooms) this.#exit(member, room)
    member.release()
    this.#release(member)
    return true
  }

  /** Puts a member into a room, which exists for as long as somebody is in it. Returns whether that changed anything. */
  join(who: HubTarget | Member, room: string): boolean {
    const member = this.#find(who)
    if (member === undefined || member.rooms.has(text('room', room))) return false
    const members = this.#rooms.get(room) ?? new Set()
    this.#rooms.set(room, members.add(member))
    member.rooms.add(room)
    return true
  }

  /** Takes a member out of a room. Returns whether that changed anything. */
  leave(who: HubTarget | Member, room: string): boolean {
    const member = this.#find(who)
    return member !== undefined && this.#exit(member, room)
  }

  /**
   * Sends a message to every member, or to everyone in a room: text, or binary, of which one copy is made.
   * @throws TypeError for anything but a string, an ArrayBuffer or a view of one
   */
  broadcast(
    message: string | ArrayBuffer | ArrayBufferView,
    { room, except, key }: BroadcastOptions = {},
  ): BroadcastResult {
    const parcel = parcelOf(message, key)
    const spared = except === undefined ? undefined : this.#find(except)
    const result = { sent: 0, waiting: 0, dropped: 0, gone: 0 }
    // Who is disconnected for being slow leaves while this goes on, which the iterators of maps and sets bear.
    for (const member of room === undefined ? this.#members.values() : (this.#rooms.get(room) ?? [])) {
      if (member !== spared) result[member.deliver(parcel)] += 1
    }
    return result
  }

  /** Sends a message to every connection and session of a principal, as `broadcast` does. */
  send(principal: string, message: string | ArrayBuffer | ArrayBufferView, key?: string): BroadcastResult {
    const parcel = parcelOf(message, key)
    const result = { sent: 0, waiting: 0, dropped: 0, gone: 0 }
    for (const member of this.#clients.get(principal)?.members ?? []) {
      result[member.deliver(parcel)] += 1
    }
    return result
  }

  /** Forgets everyone and releases what was tied to them; their connections and sessions go on. Idempotent. */
  dispose(): void {
    for (const member of this.#members.values()) this.unregister(member)
    this.#scope.end()
  }

  [Symbol.dispose](): void {
    this.dispose()
  }

  #enter(member: HubMember): void {
    this.#members.set(member.target, member)
    const { principal } = member
    if (principal === undefined) return
    const client =
      this.#clients.get(principal) ??
      new HubClient(principal, this.#scope.child(), (error) => this.#report(error))
    this.#clients.set(principal, client)
    client.members.add(member)
  }

  #exit(member: HubMember, room: string): boolean {
    const members = this.#rooms.get(room)
    members?.delete(member)
    if (members?.size === 0) this.#rooms.delete(room)
    return member.rooms.delete(room)
  }

  #release(member: HubMember): void {
    const client = member.principal === undefined ? undefined : this.#clients.get(member.principal)
    client?.members.delete(member)
    if (client === undefined || client.members.size > 0) return
    this.#clients.delete(client.principal)
    client.end()
    void this.#events.emit('empty', { principal: client.principal })
  }

  #find(who: HubTarget | Member): HubMember | undefined {
    const member = this.#members.get('waiting' in who ? who.target : who)
    return 'waiting' in who && member !== who ? undefined : member
  }

  #report(error: unknown): void {
    if (this.#events.has('error')) void this.#events.emit('error', { error })
    else warn(error)
  }
}

function parcelOf(message: string | ArrayBuffer | ArrayBufferView, key: string | undefined): Parcel {
  if (key !== undefined) text('key', key)
  if (typeof message === 'string') return { data: message, bytes: Buffer.byteLength(message), key }
  if (!(message instanceof ArrayBuffer) && !ArrayBuffer.isView(message)) {
    throw new TypeError(
      `message: must be a string, an ArrayBuffer or a view of one, received ${shown(message)}`,
    )
  }
  const data = isShared(message) ? message : shareBytes(message)
  return { data, bytes: data.byteLength, key }
}
