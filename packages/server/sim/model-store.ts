import {
  type AttachRequest,
  type Batch,
  type BatchAnswer,
  type LossReason,
  type SharedAttachment,
} from '@holdfast/protocol'
import { judgeAttach } from '../../protocol/src/judge-attach.ts'
import { freshRecord } from '../src/redis/replies.ts'
import type { SentMessage } from '../src/sessions/sent-message.ts'

/** What the model has of a session. */
interface Kept {
  record: ReturnType<typeof freshRecord>
  node: string
  reign: number
  /** Since when another node has it. */
  takenAt: number
  ended: LossReason | undefined
}

type Answer = SharedAttachment<SentMessage>

/** What Redis does, in a few lines and without Redis: scripts that run one after the other, and a memory that can fall back. */
export class ModelStore {
  readonly #now: () => number
  #sessions = new Map<string, Kept>()
  #snapshots: Map<string, Kept>[] = []
  #reign = 1

  constructor(now: () => number) {
    this.#now = now
  }

  /** Notes what a replica would have that takes over soon. */
  snapshot(): void {
    this.#snapshots = [copyOf(this.#sessions), ...this.#snapshots.slice(0, 5)]
  }

  /** A replica takes over that lags by this many snapshots. */
  failOver(lag: number): void {
    this.#sessions = copyOf(this.#snapshots[Math.min(lag, this.#snapshots.length - 1)] ?? this.#sessions)
    this.#reign += 1
    // Who had a session in that memory has it again from now on.
    for (const kept of this.#sessions.values()) kept.takenAt = this.#now()
  }

  /** The node that has a session, and since when. */
  holder(sid: string): { readonly node: string; readonly since: number } | undefined {
    const kept = this.#sessions.get(sid)
    return kept === undefined ? undefined : { node: kept.node, since: kept.takenAt }
  }

  attach(
    node: string,
    request: AttachRequest,
    mayWait: boolean,
  ): Answer | { readonly kind: 'wait'; readonly node: string; readonly gen: number } {
    const { sid } = request.hello
    const kept = this.#sessions.get(sid ?? '')
    if (sid === null) return this.#create(node, request)
    if (kept === undefined || kept.reign !== this.#reign) return this.#create(node, request, 'unknown')
    if (kept.ended !== undefined) return this.#create(node, request, kept.ended)
    const { record } = kept
    const verdict = judgeAttach(record, request)
    if (verdict === 'stale') return { kind: 'stale', attempt: record.attempt }
    if (verdict === 'principal' || verdict === 'token') return this.#create(node, request, verdict)
    if (kept.node !== node && kept.node !== '' && mayWait)
      return { kind: 'wait', node: kept.node, gen: record.gen }
    if (verdict !== 'resume') {
      kept.ended = verdict
      return this.#create(node, request, verdict)
    }
    if (kept.node !== node) kept.takenAt = this.#now()
    const previousGen = record.gen
    Object.assign(record, {
      gen: record.gen + 1,
      attempt: request.hello.att,
      tokenHash: request.freshTokenHash,
      previousHash: request.presentedHash,
      stage: 'rotating',
      place: 'attached',
    })
    kept.node = node
    const { handled } = record.inbox
    return {
      kind: 'resumed',
      previousGen,
      record: { ...recordCopy(record), inbox: { rx: handled, handled } },
    }
  }

  #create(node: string, request: AttachRequest, reason?: LossReason): Answer {
    const record = freshRecord(request, request.freshSid)
    this.#sessions.set(record.sid, {
      record: recordCopy(record),
      node,
      reign: this.#reign,
      takenAt: 0,
      ended: undefined,
    })
    return { kind: 'created', record, displaced: [], ...(reason === undefined ? {} : { lost: { reason } }) }
  }

  letGo(sid: string, gen: number): void {
    const kept = this.#sessions.get(sid)
    if (kept?.record.gen === gen && kept.ended === undefined) kept.node = ''
  }

  keep(batch: Batch<SentMessage>): BatchAnswer {
    const kept = this.#sessions.get(batch.sid)
    if (kept?.ended !== undefined) return { kind: 'ended', reason: kept.ended }
    if (kept === undefined || kept.reign !== this.#reign || kept.record.gen < batch.gen)
      return { kind: 'lost' }
    const { record } = kept
    if (record.gen > batch.gen) return { kind: 'fenced' }
    const { outbox, inbox } = record
    if (outbox.tx < batch.kept.tx || inbox.handled < batch.kept.handled) return { kind: 'lost' }
    kept.ended = batch.ended
    outbox.entries.push(...batch.entries.slice(outbox.tx + 1 - batch.first))
    outbox.tx = Math.max(outbox.tx, batch.first - 1 + batch.entries.length)
    outbox.entries.splice(0, batch.acked - outbox.acked)
    outbox.acked = batch.acked
    outbox.hi = batch.hi
    inbox.handled = batch.handled
    inbox.rx = batch.rx
    Object.assign(record, { stage: batch.stage, place: batch.place })
    if (batch.stage === 'confirmed') record.previousHash = null
    return { kind: 'kept', waiting: 0 }
  }
}

function recordCopy(record: Kept['record']): Kept['record'] {
  const { outbox, inbox } = record
  return { ...record, outbox: { ...outbox, entries: [...outbox.entries] }, inbox: { ...inbox } }
}

function copyOf(sessions: ReadonlyMap<string, Kept>): Map<string, Kept> {
  return new Map([...sessions].map(([sid, kept]) => [sid, { ...kept, record: recordCopy(kept.record) }]))
}
