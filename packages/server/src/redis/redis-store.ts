import { randomBytes } from 'node:crypto'
import {
  type AttachRequest,
  type Attachment,
  type Batch,
  type BatchAnswer,
  keepsCounts,
  type SessionRecord,
  type SharedAttachment,
} from '@holdfast/protocol'
import { SentMessage, type SessionMessage } from '../sessions/sent-message.ts'
import type { SharedStore, SharedStoreHost, WaitingPost } from '../sessions/shared-store.ts'
import { scriptRunner } from './redis-client.ts'
import { type RedisStoreOptions, type ResolvedRedisOptions, resolveRedisOptions } from './redis-options.ts'
import { Census } from './census.ts'
import { NodeChannel } from './node-channel.ts'
import { freshRecord, readBatchAnswer, readMessages, readVerdict, type Verdict } from './replies.ts'
import {
  attachScript,
  createScript,
  epochScript,
  giveUpScript,
  keepScript,
  letGoScript,
  postScript,
  releasedScript,
  type Script,
  waitingScript,
} from './scripts.ts'

/** What became of a post: kept for the client, or why not. */
export type Posted = 'posted' | 'unknown' | 'too-large' | 'overflow'

type Argument = string | number | Buffer

/**
 * Makes a store for the option `store` of `sessions`, so that a client may come back at any server of a fleet.
 * @throws TypeError or RangeError naming the option, its bound and the value received
 */
export function redisStore(options: RedisStoreOptions): RedisStore {
  return new RedisStore(resolveRedisOptions(options))
}

/** Sessions in Redis, for one server of a fleet. Make one with `redisStore`. */
export class RedisStore implements SharedStore {
  readonly reportMs: number
  readonly #options: ResolvedRedisOptions
  readonly #node = randomBytes(9).toString('base64url')
  readonly #channel: NodeChannel
  readonly #run: ReturnType<typeof scriptRunner>
  readonly #census: Census
  /** What was asked for and is not answered. */
  readonly #underWay = new Set<Promise<unknown>>()
  #host: SharedStoreHost | undefined
  #epoch: Promise<string> | undefined

  constructor(options: ResolvedRedisOptions) {
    this.#options = options
    this.reportMs = Math.floor(options.leaseMs / 3)
    this.#channel = new NodeChannel(`${options.prefix}node:`, this.#node)
    this.#run = scriptRunner(options.client)
    this.#census = new Census({
      ...options,
      ttlMs: () => this.#hostOf().ttlMs,
      nowMs: () => this.#hostOf().scope.clock.monotonicMs(),
      run: (script, key, args) => this.#watched(this.#run(script, [key], ['-', ...args.map(String)])),
      giveUp: (sid) => this.#giveUp(sid),
    })
  }

  open(host: SharedStoreHost): void {
    if (this.#host !== undefined) throw new TypeError('store: it works for another server already')
    this.#host = host
    this.#connect(host).catch(host.report)
  }

  async #connect({ scope, wake, release, report }: SharedStoreHost): Promise<void> {
    const { client } = this.#options
    const onReady = () => {
      // It may be another one, or have been away: what is known of its memory is asked anew, and every session looked after.
      this.#epoch = undefined
      wake()
    }
    client.on('ready', onReady)
    scope.defer(() => void client.off('ready', onReady))
    if (!client.isOpen) await client.connect()
    if (scope.ended) return
    const released = (sid: string, node: string) => void this.#tellReleased(sid, node).catch(report)
    await this.#channel.listen(client.duplicate(), {
      scope,
      wake,
      release: (sid, gen, node) => release(sid, gen, () => released(sid, node)),
    })
  }

  #tellReleased(sid: string, node: string): Promise<unknown> {
    return this.#on(sid, releasedScript, [`${this.#channel.prefix}${node}`, sid])
  }

  /** Counts what is under way. */
  #watched<Result>(work: Promise<Result>): Promise<Result> {
    const forget = () => void this.#underWay.delete(work)
    this.#underWay.add(work)
    work.then(forget, forget)
    return work
  }

  async settled(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.allSettled(this.#underWay)
  }

  async #giveUp(sid: string): Promise<boolean> {
    const args = [this.#channel.prefix, sid, this.#hostOf().ttlMs, this.#options.tombstoneMs]
    return String(await this.#on(sid, giveUpScript, args)) === 'gone'
  }

  async letGo(sid: string, gen: number): Promise<void> {
    this.#census.letGo(sid)
    await this.#on(sid, letGoScript, [gen])
  }

  /** Finds the session of a HELLO and takes it over from whoever holds it, or makes a new one. */
  attach(request: AttachRequest): Promise<SharedAttachment<SentMessage>> {
    return this.#watched(this.#find(request))
  }

  async #find(request: AttachRequest): Promise<SharedAttachment<SentMessage>> {
    const { sid } = request.hello
    if (sid === null) return this.#create(request, {})
    const first = await this.#attach(request, sid, 'may wait')
    if (first.kind === 'wait') await this.#channel.released(sid, this.#options.handOverMs)
    const verdict = first.kind === 'wait' ? await this.#attach(request, sid, 'now') : first
    if (verdict.kind === 'wait') throw new TypeError('attach: it waits although it must not')
    if (verdict.kind === 'resumed') this.#census.resumed(sid, request.principal)
    return verdict.kind === 'lost' ? this.#create(request, gapOf(sid, verdict, request)) : verdict
  }

  async #attach(request: AttachRequest, sid: string, when: 'may wait' | 'now'): Promise<Verdict> {
    const { hello, principal, presentedHash, freshTokenHash } = request
    const { leaseMs, tombstoneMs } = this.#options
    const reply = await this.#on(sid, attachScript, [
      this.#node,
      ownerOf(principal),
      hello.att,
      presentedHash ?? '',
      freshTokenHash,
      hello.rx,
      hello.ack,
      ...limitsOf(request),
      this.#hostOf().ttlMs,
      leaseMs,
      tombstoneMs,
      this.#channel.prefix,
      sid,
      when === 'now' ? '0' : '1',
    ])
    return readVerdict(reply, request)
  }

  async #create(
    request: AttachRequest,
    gap: Partial<Pick<Extract<Attachment<SentMessage>, { kind: 'created' }>, 'lost' | 'displaced'>>,
  ): Promise<SharedAttachment<SentMessage>> {
    const record: SessionRecord<SentMessage> = freshRecord(request, request.freshSid)
    const { leaseMs, tombstoneMs } = this.#options
    const place = await this.#census.admit(record.sid, record.principal)
    if (place === 'full') return { kind: 'full', displaced: gap.displaced ?? [] }
    await this.#on(record.sid, createScript, [
      this.#node,
      ownerOf(record.principal),
      record.attempt,
      record.tokenHash,
      ...limitsOf(request),
      this.#hostOf().ttlMs,
      leaseMs,
      tombstoneMs,
    ])
    return { kind: 'created', record, displaced: [], ...gap }
  }

  /** Keeps what happened to a session, unless another server has taken it over. */
  async keep(batch: Batch<SentMessage>): Promise<BatchAnswer> {
    const { gen, kept, first, entries, taken, acked, hi, handled, rx, stage, place, ended } = batch
    const { leaseMs, tombstoneMs } = this.#options
    this.#census.asked(batch)
    const reply = await this.#on(batch.sid, keepScript, [
      gen,
      kept.tx,
      kept.handled,
      acked,
      hi,
      handled,
      rx,
      stage,
      place,
      ended ?? '',
      ended !== undefined && keepsCounts(ended) ? '1' : '0',
      this.#hostOf().ttlMs,
      leaseMs,
      tombstoneMs,
      first,
      entries.length,
      ...entries.flatMap(({ payload }) => wireOf(payload)),
      ...taken,
    ])
    const answer = readBatchAnswer(reply)
    this.#census.answered(batch, answer)
    return answer
  }

  async waiting(sid: string, after: string | undefined): Promise<readonly WaitingPost[]> {
    return readMessages(await this.#on(sid, waitingScript, [after === undefined ? '-' : `(${after}`]))
  }

  /**
   * Sends a message to a session from any server of the fleet, by its `address`, wherever its client is. `posted`: Redis has it, and
   * the client gets it once, in order with the other posts, if the session lives. `unknown`: there is no such session. Rejects
   * when Redis cannot be asked; then the message may or may not be posted.
   * @throws TypeError for a message that is not a string, an ArrayBuffer or a view of one
   */
  async post(address: string, message: SessionMessage): Promise<Posted> {
    const { maxMessages, maxBytes } = this.#hostOf().hold
    const { payload } = new SentMessage(message)
    const reply = await this.#on(address, postScript, [
      this.#channel.prefix,
      address,
      ...wireOf(payload),
      maxMessages,
      maxBytes,
    ])
    return String(reply) as Posted
  }

  #on(sid: string, script: Script, args: readonly Argument[]): Promise<unknown> {
    return this.#watched(this.#ask(sid, script, args))
  }

  async #ask(sid: string, script: Script, args: readonly Argument[]): Promise<unknown> {
    const epoch = await this.#reign()
    const base = `${this.#options.prefix}{${sid}}`
    const all = [epoch, ...args].map((arg) => (typeof arg === 'number' ? String(arg) : arg))
    return this.#run(script, [`${base}:s`, `${base}:o`, `${base}:p`], all)
  }

  /** Whose memory it is: with `durable` a name that lies with the data, otherwise what Redis says itself, in each script. */
  async #reign(): Promise<string> {
    if (!this.#options.durable) return ''
    const fresh = randomBytes(12).toString('base64url')
    this.#epoch ??= this.#run(epochScript, [`${this.#options.prefix}epoch`], ['-', fresh]).then(String)
    try {
      return await this.#epoch
    } catch (error) {
      this.#epoch = undefined
      throw error
    }
  }

  #hostOf(): SharedStoreHost {
    if (this.#host === undefined) throw new TypeError('store: give it to a server first')
    return this.#host
  }
}

function gapOf(
  sid: string,
  { reason, counts, isDisplaced }: Extract<Verdict, { kind: 'lost' }>,
  request: AttachRequest,
) {
  const { hello } = request
  const theirs = keepsCounts(reason) ? { last: { lack: hello.ack, lrx: hello.rx } } : {}
  return {
    lost: { reason, ...(counts === undefined ? {} : { last: counts }) },
    displaced: isDisplaced ? [{ sid, reason, ...theirs }] : [],
  }
}

/** Tells a principal from nobody. */
function ownerOf(principal: string | null): string {
  return principal === null ? '-' : `=${principal}`
}

function limitsOf({ hello }: AttachRequest): readonly number[] {
  const [windowMessages = 1, windowBytes = hello.max] = hello.win
  return [hello.max, windowMessages, windowBytes]
}

function wireOf(payload: string | Uint8Array): readonly [string, string | Buffer] {
  if (typeof payload === 'string') return ['t', payload]
  return ['b', Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength)]
}
