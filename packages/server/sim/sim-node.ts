import { type Clock, Scope } from '@holdfast/lifetime'
import type { Payload } from '@holdfast/protocol'
import type { WireEnd, Wire } from '../../protocol/sim/wire.ts'
import type { ConnectionDriver, DrivenConnection } from '../src/session-service.ts'
import type { ServerSession } from '../src/sessions/server-session.ts'
import { SessionEngine } from '../src/sessions/session-engine.ts'
import { resolveSessionsOptions } from '../src/sessions/sessions-options.ts'
import type { SharedStore, SharedStoreHost } from '../src/sessions/shared-store.ts'
import type { SimWorld } from './sim-world.ts'

const limits = {
  maxPayloadBytes: 1_000,
  maxBufferedBytes: 16_777_216,
  highWaterMarkBytes: 1_048_576,
  pingIntervalMs: 1_000,
  idleTimeoutMs: 60_000,
  retryAfterMs: 10,
}

/** How long a server waits for another to let go. */
const HAND_OVER_MS = 300

/** One life of a server's process: the real engine, with the world's time, network and store around it. */
export class SimNode {
  readonly name: string
  readonly #world: SimWorld
  readonly #scope: Scope
  readonly #engine: SessionEngine
  readonly #connections = new Map<number, { driver: ConnectionDriver; heardAt: number }>()
  readonly #late: (() => void)[] = []
  #state: 'running' | 'stopped' | 'dead' = 'running'
  #storeHost: SharedStoreHost | undefined
  #released = new Map<string, () => void>()
  #answeredAt = 0
  readonly #asked = new Set<Promise<unknown>>()
  #objects = 0

  constructor(world: SimWorld, name: string) {
    this.#world = world
    this.name = name
    this.#scope = new Scope(this.#clock())
    const options = resolveSessionsOptions({
      store: this.#store(),
      ttlMs: 300_000,
      handler: (session) => this.#serve(session),
      ack: world.ack,
      windowMessages: 16,
    })
    this.#engine = new SessionEngine(options, {
      options: limits,
      scope: this.#scope,
      log: () => {},
      report: () => {},
      admit: () => ({ kind: 'now' }),
      onAlarm: () => world.ledger.check(false, () => 'an alarm'),
      onPong: () => {},
    })
    this.#tick()
  }

  get state() {
    return this.#state
  }

  /** Runs something of this process: later while it is stopped, never when it is dead. */
  do(work: () => void): void {
    if (this.#state === 'running') work()
    else if (this.#state === 'stopped') this.#late.push(work)
  }

  #after(delayMs: number, work: () => void): void {
    this.#world.agenda.after(delayMs, () => this.do(work))
  }

  #clock(): Clock {
    const { agenda } = this.#world
    return {
      now: () => agenda.now,
      monotonicMs: () => agenda.now,
      setTimeout: (run, delayMs) => {
        const timer = { run }
        this.#after(delayMs, () => timer.run())
        return timer
      },
      clearTimeout: (timer) => {
        if (timer !== undefined) (timer as { run: () => void }).run = () => {}
      },
    }
  }

  kill(): void {
    this.#state = 'dead'
  }

  /** Gives back what a dead process cannot: the run is over. */
  [Symbol.dispose](): void {
    this.kill()
    this.#scope.end()
  }

  /** Ends in good order: as `stop` of a server does. */
  leave(deadlineMs: number): void {
    this.#engine.leave({ deadlineMs })
    this.#after(deadlineMs, () => {
      for (const number of this.#connections.keys()) this.#closed(number)
      void Promise.resolve(this.#engine.end(Promise.resolve())).then(() => this.kill())
    })
  }

  stop(): void {
    if (this.#state === 'running') this.#state = 'stopped'
  }

  goOn(): void {
    if (this.#state !== 'stopped') return
    this.#state = 'running'
    for (const work of this.#late.splice(0)) this.do(work)
  }

  accept(number: number, wire: Wire): WireEnd {
    const connection: DrivenConnection = {
      id: `c${number}`,
      request: {} as never,
      get bufferedBytes() {
        return wire.buffered('server')
      },
      send: (data) => {
        if (this.#state === 'dead') return 'closed'
        this.#world.said(this, number, data as Payload)
        wire.send('server', data as Payload)
        return 'sent'
      },
      end: (_cause, code) => {
        if (this.#state === 'dead') return
        wire.close('server', code)
        this.#after(20, () => this.#closed(number))
      },
      cut: () => {
        if (this.#state === 'dead') return
        wire.close('server', undefined)
        this.#closed(number)
      },
    }
    const driver = this.#engine.accept(connection)
    this.#connections.set(number, { driver, heardAt: this.#world.agenda.now })
    return {
      frame: (data) =>
        this.do(() => {
          const known = this.#connections.get(number)
          if (known === undefined) return
          known.heardAt = this.#world.agenda.now
          driver.message(data, data.length)
        }),
      closed: () => this.do(() => this.#closed(number)),
    }
  }

  #closed(number: number): void {
    const known = this.#connections.get(number)
    this.#connections.delete(number)
    known?.driver.closed()
  }

  #tick(): void {
    this.#after(limits.pingIntervalMs, () => {
      for (const [number, { driver, heardAt }] of this.#connections) {
        if (this.#world.agenda.now - heardAt > 2_500) this.#closed(number)
        else driver.ping()
      }
      this.#tick()
    })
  }

  /** The application: takes what comes, and sends now and then. */
  #serve(session: ServerSession): void {
    const world = this.#world
    const { ledger, random } = world
    this.#objects += 1
    const object = `${this.name}#${this.#objects}`
    session.on('message', (message) => {
      ledger.up(object, session.id, session.received, String(message))
      return this.#world.ack === 'handled'
        ? new Promise<void>((done) => this.#after(random.wait(20), done))
        : undefined
    })
    let count = 0
    const send = () => {
      if (session.state.name === 'ended' || this.#world.isQuiet) return
      const message = `${object}:${count + 1}`
      const receipt = session.send(message)
      // Not taken, because another server is about to have the session: as if it had not been sent.
      if (receipt.status === 'rejected') world.ledger.count('down rejected')
      else {
        count += 1
        void receipt.settled.then((fate) => world.fate(session.id, message, fate))
      }
      this.#after(random.wait(this.#world.sendMs), send)
    }
    this.#after(1, send)
  }

  /** Asks the model over a line that is slow, breaks, and keeps its order. */
  #ask<Result>(question: () => Result): Promise<Result> {
    const answer = this.#carry(question)
    const forget = () => void this.#asked.delete(answer)
    this.#asked.add(answer)
    answer.then(forget, forget)
    return answer
  }

  #carry<Result>(question: () => Result): Promise<Result> {
    const { agenda, random, storeMs } = this.#world
    return new Promise((resolve, reject) => {
      const way = random.between(0, storeMs)
      const fails = !this.#world.isQuiet && random.chance(this.#world.storeLoss)
      const isRun = !fails || random.chance(0.5)
      const arrivesAt = Math.max(this.#answeredAt, agenda.now + way)
      this.#answeredAt = arrivesAt
      // What is on its way to the store arrives, also when the process is stopped or dies meanwhile.
      agenda.after(arrivesAt - agenda.now, () => {
        const result = isRun ? question() : undefined
        this.#after(random.between(0, storeMs), () =>
          fails ? reject(new Error('the store is away')) : resolve(result as Result),
        )
      })
    })
  }

  #store(): SharedStore {
    const { model } = this.#world
    return {
      reportMs: 5_000,
      open: (host) => {
        this.#storeHost = host
      },
      attach: async (request) => {
        const first = await this.#ask(() => {
          const answer = model.attach(this.name, request, true)
          if (answer.kind === 'wait')
            this.#world.release(answer.node, request.hello.sid ?? '', answer.gen, this.name)
          return answer
        })
        if (first.kind !== 'wait') return first
        const sid = request.hello.sid ?? ''
        await new Promise<void>((resolve) => {
          this.#released.set(sid, resolve)
          this.#after(HAND_OVER_MS, resolve)
        })
        const second = await this.#ask(() => model.attach(this.name, request, false))
        if (second.kind === 'wait') throw new Error('it waits although it must not')
        return second
      },
      keep: (batch) => this.#ask(() => model.keep(batch)),
      letGo: (sid, gen) => this.#ask(() => model.letGo(sid, gen)),
      settled: async () => {
        while (this.#asked.size > 0) await Promise.allSettled(this.#asked)
      },
      waiting: async () => [],
    }
  }

  /** Another node wants a session of this one. */
  release(sid: string, gen: number, node: string): void {
    this.#after(2, () => this.#storeHost?.release(sid, gen, () => this.#world.released(node, sid)))
  }

  /** Another node has let go of a session that this one wants. */
  released(sid: string): void {
    this.#after(2, () => this.#released.get(sid)?.())
  }
}
