import type { LastCounts } from './frame.ts'
import { emptyInbox } from './inbox.ts'
import { holdsToken, judgeAttach } from './judge-attach.ts'
import { limitsOf } from './limits.ts'
import { type LossReason, keepsCounts } from './loss-reason.ts'
import { emptyOutbox } from './outbox-state.ts'
import type { Outgoing } from './outgoing.ts'
import { SessionIndex } from './session-index.ts'
import type {
  AttachRequest,
  Attachment,
  Displaced,
  Lost,
  SessionRecord,
  SessionStore,
  StoreWrite,
} from './session-store.ts'

/** Bounds of a memory store. */
export interface MemoryStoreOptions {
  /** Most sessions at once; default 100,000. */
  readonly maxSessions?: number
  /** Most sessions of one principal at once; default 20. Sessions without a principal count only above. */
  readonly maxPerPrincipal?: number
  /** Most ended sessions remembered; default 10,000. */
  readonly maxTombstones?: number
}

/** What remains of a session: enough to tell its owner, and nobody else, how far it had come. */
interface Tombstone extends Pick<SessionRecord<unknown>, 'principal' | 'tokenHash' | 'previousHash'> {
  readonly reason: LossReason
  readonly last?: LastCounts
}

/** Keeps sessions in this process: they end with it. */
export class MemoryStore<Entry extends Outgoing> implements SessionStore<Entry> {
  readonly #maxSessions: number
  readonly #maxPerPrincipal: number
  readonly #maxTombstones: number
  readonly #records = new Map<string, SessionRecord<Entry>>()
  readonly #index = new SessionIndex()
  #tombstones = new Map<string, Tombstone>()
  #olderTombstones = new Map<string, Tombstone>()

  /** @throws `RangeError` when a bound is not at least 1. */
  constructor(options: MemoryStoreOptions = {}) {
    const { maxSessions = 100_000, maxPerPrincipal = 20, maxTombstones = 10_000 } = options
    for (const [name, value] of Object.entries({ maxSessions, maxPerPrincipal, maxTombstones })) {
      if (!(value >= 1)) throw new RangeError(`${name}: at least 1 is needed, received ${value}`)
    }
    this.#maxSessions = maxSessions
    this.#maxPerPrincipal = maxPerPrincipal
    this.#maxTombstones = maxTombstones
  }

  /** Sessions kept now. */
  get size(): number {
    return this.#records.size
  }

  /** Every record, oldest first, as it is: to copy it elsewhere, or to look at it in a test. */
  records(): Iterable<SessionRecord<Entry>> {
    return this.#records.values()
  }

  /** Takes over records saved earlier, for instance by another process; each is without a connection now. */
  restore(records: Iterable<SessionRecord<Entry>>): void {
    for (const record of records) this.#add({ ...record, place: 'detached' })
  }

  /** Forgets the ended sessions that were here at the last call already: call it once per retention time, for instance 24 h. */
  sweep(): void {
    this.#olderTombstones = this.#tombstones
    this.#tombstones = new Map()
  }

  attach(request: AttachRequest): Attachment<Entry> {
    const { sid } = request.hello
    if (sid === null) return this.#create(request, undefined, [])
    const record = this.#records.get(sid)
    if (record === undefined) return this.#create(request, this.#epitaph(sid, request), [])
    const verdict = judgeAttach(record, request)
    switch (verdict) {
      case 'resume':
        return this.#resume(record, request)
      case 'stale':
        return { kind: 'stale', attempt: record.attempt }
      case 'principal':
      case 'token':
        // Somebody else, or an old copy: the session itself goes on undisturbed.
        return this.#create(request, { reason: verdict }, [])
      default:
        return this.#replace(record, verdict, request)
    }
  }

  write(write: StoreWrite): void {
    const record = this.#records.get(write.sid)
    if (record === undefined || record.gen !== write.gen) return
    if (write.op === 'ended') this.#bury(record, write.reason)
    else if (write.op === 'confirmed') {
      record.stage = 'confirmed'
      record.previousHash = null
    } else {
      record.place = 'detached'
      this.#index.place(record)
    }
  }

  #resume(record: SessionRecord<Entry>, request: AttachRequest): Attachment<Entry> {
    record.gen += 1
    record.attempt = request.hello.att
    // The token that was presented, not the one issued before: two answers lost in a row must not strand the client.
    record.previousHash = request.presentedHash
    record.tokenHash = request.freshTokenHash
    record.stage = 'rotating'
    record.place = 'attached'
    record.peerLimits = limitsOf(request.hello)
    this.#index.place(record)
    return { kind: 'resumed', record }
  }

  /** Ends a session that cannot go on with what its own client says, and starts another. */
  #replace(record: SessionRecord<Entry>, reason: LossReason, request: AttachRequest): Attachment<Entry> {
    const last = keepsCounts(reason) ? { last: { lack: record.inbox.handled, lrx: record.inbox.rx } } : {}
    const theirs = keepsCounts(reason) ? { last: { lack: request.hello.ack, lrx: request.hello.rx } } : {}
    this.#bury(record, reason)
    return this.#create(request, { reason, ...last }, [{ sid: record.sid, reason, ...theirs }])
  }

  #create(
    request: AttachRequest,
    lost: Lost | undefined,
    displaced: readonly Displaced[],
  ): Attachment<Entry> {
    const evicted = this.#makeRoom(request.principal)
    if (evicted === undefined) return { kind: 'full', displaced }
    const record: SessionRecord<Entry> = {
      sid: request.freshSid,
      principal: request.principal,
      gen: 1,
      attempt: request.hello.att,
      tokenHash: request.freshTokenHash,
      previousHash: null,
      stage: 'unconfirmed',
      place: 'attached',
      peerLimits: limitsOf(request.hello),
      outbox: emptyOutbox(),
      inbox: emptyInbox(),
    }
    this.#add(record)
    return {
      kind: 'created',
      record,
      ...(lost === undefined ? {} : { lost }),
      displaced: [...displaced, ...evicted],
    }
  }

  #add(record: SessionRecord<Entry>): void {
    this.#records.set(record.sid, record)
    this.#index.place(record)
  }

  /** Evicts what must go for one session more; undefined when everything in the way has a connection. */
  #makeRoom(principal: string | null): readonly Displaced[] | undefined {
    const crowded = principal !== null && this.#index.countOf(principal) >= this.#maxPerPrincipal
    if (!crowded && this.#records.size < this.#maxSessions) return []
    const victim = this.#records.get((crowded ? this.#index.idlestOf(principal) : this.#index.idlest()) ?? '')
    if (victim === undefined) return undefined
    this.#bury(victim, 'expired')
    return [{ sid: victim.sid, reason: 'expired' }]
  }

  #bury(record: SessionRecord<Entry>, reason: LossReason): void {
    this.#records.delete(record.sid)
    this.#index.remove(record)
    const { principal, tokenHash, previousHash, inbox } = record
    const last = keepsCounts(reason) ? { last: { lack: inbox.handled, lrx: inbox.rx } } : {}
    this.#tombstones.set(record.sid, { principal, tokenHash, previousHash, reason, ...last })
    for (const sid of this.#tombstones.keys()) {
      if (this.#tombstones.size <= this.#maxTombstones) break
      this.#tombstones.delete(sid)
    }
  }

  /** Says what became of a session, to whoever can show its token. */
  #epitaph(sid: string, request: AttachRequest): Lost {
    const stone = this.#tombstones.get(sid) ?? this.#olderTombstones.get(sid)
    const { principal, presentedHash } = request
    const isOwner =
      stone?.principal === principal && presentedHash !== null && holdsToken(stone, presentedHash)
    if (stone === undefined || !isOwner) return { reason: 'unknown' }
    return { reason: stone.reason, ...(stone.last === undefined ? {} : { last: stone.last }) }
  }
}
