import type { Payload } from '@holdfast/protocol'
import { Agenda } from '../../protocol/sim/agenda.ts'
import { Random } from '../../protocol/sim/random.ts'
import { Wire, type WireEnd } from '../../protocol/sim/wire.ts'
import { logNameOf } from '../src/sessions/session-ids.ts'
import { Ledger } from './ledger.ts'
import { ModelStore } from './model-store.ts'
import { SimClient } from './sim-client.ts'
import { SimNode } from './sim-node.ts'

/** A server does not believe answers older than this, so it may speak for as long after it was fenced. */
const STALE_MS = 500

/** At most, after several such answers in a row. */
const MOST_STALE_MS = 2_000

/** Longest chain of promises that one event can set off. */
const CHAIN = 24

/** One run: a client, three servers that die, stop and go on, a store that fails over to a replica that lags. */
export class SimWorld {
  readonly agenda = new Agenda()
  readonly ledger = new Ledger()
  readonly random: Random
  readonly model: ModelStore
  readonly ack: 'received' | 'handled'
  readonly sendMs: number
  readonly storeMs: number
  readonly storeLoss: number
  readonly #horizonMs: number
  readonly #nodes: SimNode[] = []
  readonly #all: SimNode[] = []
  readonly #wires: Wire[] = []
  readonly #client: SimClient
  readonly #fates: { id: string; message: string; fate: string }[] = []
  readonly #sidOf = new Map<number, string>()
  #lives = 0
  #connections = 0
  #failOvers = 0
  #gaps = 0
  #lastId = ''

  constructor(seed: number) {
    const random = new Random(seed)
    this.random = random
    this.model = new ModelStore(() => this.agenda.now)
    this.ack = random.pick('received', 'handled')
    this.sendMs = random.pick(10, 50, 200)
    this.storeMs = random.pick(0, 2, 30)
    this.storeLoss = random.pick(0, 0.02, 0.2)
    this.#horizonMs = random.pick(2_000, 5_000)
    for (let index = 0; index < 3; index += 1) this.#nodes.push(this.#newNode())
    this.#client = new SimClient(this)
    this.#break(random.pick(300, 1_000), () => this.#cut())
    this.#break(random.pick(1_000, 3_000), () => this.#kill())
    this.#break(random.pick(1_000, 3_000), () => this.#stop())
    this.#break(random.pick(1_000, 3_000), () => this.#leave())
    if (random.chance(0.4)) this.#break(2_500, () => this.#failOver())
    this.#snapshots()
  }

  /** Whether the network and the servers are healed, and nothing new is sent. */
  get isQuiet(): boolean {
    return this.agenda.now >= this.#horizonMs
  }

  /** Runs everything. @throws Broken when a promise is broken */
  async run(): Promise<void> {
    await this.#runUntil(this.#horizonMs)
    for (const node of this.#nodes) node.goOn()
    for (let waitedMs = 0; !this.#client.isDrained; waitedMs += 1_000) {
      this.ledger.check(waitedMs < 60_000, () => 'what was sent does not arrive')
      await this.#runUntil(this.agenda.now + 1_000)
    }
    await this.#runUntil(this.agenda.now + 10_000)
    for (const { id, message, fate } of this.#fates) this.#judge(id, message, fate)
  }

  /** Gives back everything that the run held. */
  [Symbol.dispose](): void {
    for (const node of this.#all) node[Symbol.dispose]()
  }

  async #runUntil(untilMs: number): Promise<void> {
    while (this.agenda.step(untilMs)) await settled()
    await settled()
  }

  #judge(id: string, message: string, fate: string): void {
    this.ledger.count(`down ${fate}`)
    const mustArrive = fate === 'acked' || (fate === 'kept' && id === this.#lastId)
    this.ledger.check(
      !mustArrive || this.ledger.didArrive(message),
      () => `${message} is ${fate} and did not arrive`,
    )
    this.ledger.check(
      fate !== 'undelivered' || !this.ledger.didArrive(message),
      () => `${message} is undelivered and did arrive`,
    )
  }

  #newNode(): SimNode {
    this.#lives += 1
    const node = new SimNode(this, `n${this.#lives}`)
    this.#all.push(node)
    return node
  }

  #break(everyMs: number, work: () => void): void {
    this.agenda.after(this.random.wait(everyMs), () => {
      if (this.isQuiet) return
      work()
      this.#break(everyMs, work)
    })
  }

  #cut(): void {
    this.ledger.count('cuts')
    const wire = this.#wires.at(-1)
    if (this.random.chance(0.7)) wire?.cut(1_500)
    else wire?.halfOpen(this.random.pick('up', 'down'))
  }

  #kill(): void {
    this.ledger.count('kills')
    const index = this.random.between(0, this.#nodes.length - 1)
    this.#nodes[index]?.kill()
    this.#nodes[index] = this.#newNode()
    this.#wires.at(-1)?.cut(200)
  }

  /** A server is replaced in good order. */
  #leave(): void {
    this.ledger.count('planned ends')
    const index = this.random.between(0, this.#nodes.length - 1)
    this.#nodes[index]?.leave(this.random.pick(0, 300, 2_000))
    this.#nodes[index] = this.#newNode()
  }

  #stop(): void {
    this.ledger.count('stops')
    const node = this.random.pick(...(this.#nodes as [SimNode]))
    node.stop()
    this.agenda.after(this.random.between(50, 4_000), () => node.goOn())
  }

  #failOver(): void {
    this.ledger.count('fail-overs')
    this.#failOvers += 1
    this.model.failOver(this.random.between(0, 5))
  }

  #snapshots(): void {
    this.agenda.after(60, () => {
      this.model.snapshot()
      this.#snapshots()
    })
  }

  /** Opens a connection of the client to any server; undefined when that does not answer. */
  connect(): { readonly wire: Wire; readonly join: (client: WireEnd) => void } | undefined {
    const node = this.random.pick(...(this.#nodes as [SimNode]))
    if (node.state !== 'running' && this.random.chance(0.5)) return undefined
    this.#connections += 1
    const number = this.#connections
    const stall = { upMs: this.random.chance(0.1) ? 800 : 0, downMs: this.random.chance(0.1) ? 800 : 0 }
    const wire = new Wire(this.agenda, this.random, 20, this.isQuiet ? { upMs: 0, downMs: 0 } : stall)
    this.#wires.push(wire)
    return {
      wire,
      join: (client) => {
        let end: WireEnd | undefined
        const late: (() => void)[] = []
        const whenThere = (work: () => void) => (end === undefined ? void late.push(work) : work())
        wire.join(client, {
          frame: (data) => whenThere(() => end?.frame(data)),
          closed: (code) => whenThere(() => end?.closed(code)),
        })
        node.do(() => {
          end = node.accept(number, wire)
          for (const work of late) work()
        })
      },
    }
  }

  /** A server says something: not about a session that another one has had for long. */
  said(node: SimNode, connection: number, data: Payload): void {
    const text = typeof data === 'string' ? data : ''
    if (text.startsWith('\u0010W')) {
      const sid = /"sid":"([^"]+)"/.exec(text)?.[1] ?? ''
      this.#sidOf.set(connection, sid)
      this.#lastId = logNameOf(sid)
    }
    const holder = this.model.holder(this.#sidOf.get(connection) ?? '')
    if (holder === undefined || holder.node === node.name || text.startsWith('\u0010E')) return
    const forMs = this.agenda.now - holder.since
    this.ledger.check(
      forMs <= MOST_STALE_MS + 100,
      () => `${node.name} speaks ${forMs} ms after ${holder.node} took over`,
    )
    this.ledger.count(forMs > STALE_MS ? 'spoke late' : 'spoke with an answer under way')
  }

  release(holder: string, sid: string, gen: number, node: string): void {
    this.#all.find(({ name }) => name === holder)?.release(sid, gen, node)
  }

  released(node: string, sid: string): void {
    this.#all.find(({ name }) => name === node)?.released(sid)
  }

  fate(id: string, message: string, fate: string): void {
    this.#fates.push({ id, message, fate })
  }

  gap(reason: string): void {
    this.#gaps += 1
    this.ledger.check(
      this.#gaps <= this.#failOvers && reason === 'unknown',
      () => `a gap without a fail-over: ${reason}`,
    )
  }
}

/** Resolves when every promise that can go on has gone on. Longer than any chain of them here, and much faster than a turn of the event loop. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < CHAIN; turn += 1) await Promise.resolve()
}
