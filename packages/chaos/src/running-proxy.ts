import type { Socket } from 'node:net'
import { ChaosError } from './chaos-error.ts'
import type { LogEntry } from './chaos-event.ts'
import type { ResolvedOptions } from './chaos-options.ts'
import type { ChaosProxy } from './chaos-proxy.ts'
import { Connection, type ConnectionHost } from './connection.ts'
import { ControlServer } from './control-server.ts'
import { Door } from './door.ts'
import { type EventListener, EventLog } from './event-log.ts'
import { type FaultChange, type Faults, noFaults } from './faults.ts'
import type { ConnectionInfo, LiveConnection } from './live-connection.ts'
import { mergeFaults } from './merge-faults.ts'
import { ScheduleRunner } from './schedule-runner.ts'
import { type Action, readSteps, type Step } from './step.ts'
import { UnservedConnection } from './unserved-connection.ts'

type Life = { readonly name: 'running' } | { readonly name: 'closed'; readonly done: Promise<void> }

/** Is the proxy behind the interface: owns the port, the control, the connections and the schedule. */
export class RunningProxy implements ChaosProxy {
  readonly startedAt = Date.now()
  readonly #options: ResolvedOptions
  readonly #log: EventLog
  readonly #door: Door
  readonly #control: ControlServer | undefined
  readonly #connections = new Map<number, LiveConnection>()
  readonly #connectionHost: ConnectionHost
  #faults: Faults
  #runner: ScheduleRunner | undefined
  #lastId = 0
  #life: Life = { name: 'running' }

  constructor(options: ResolvedOptions) {
    this.#options = options
    this.#faults = options.faults
    const log = new EventLog(options.maxLogEntries)
    this.#log = log
    this.#door = new Door(
      options.host,
      options.port,
      (socket) => this.#accept(socket),
      (event) => log.add(event),
    )
    this.#control = options.control === false ? undefined : new ControlServer(this, options.control)
    this.#connectionHost = {
      target: options.target,
      seed: options.seed,
      maxHeldBytes: options.maxHeldBytes,
      get nowMs() {
        return log.nowMs
      },
      faults: () => this.#faults,
      emit: (event) => log.add(event),
      closed: (id) => this.#connections.delete(id),
    }
  }

  /** Opens the ports and starts the schedule; closes everything again if one of them fails. */
  async start(): Promise<void> {
    try {
      // Opened even when it is to refuse: this is how it learns the number of its port.
      await this.#door.openFirst()
      const control = await this.#control?.open()
      if (control !== undefined) this.#log.add({ event: 'control', ...control })
    } catch (error) {
      await this.close()
      throw error
    }
    if (this.#faults.accept === 'refuse') await this.#door.shut()
    if (this.#options.schedule !== undefined) this.runSchedule(this.#options.schedule)
  }

  get target(): ChaosProxy['target'] {
    return this.#options.target
  }

  get host(): string {
    return this.#options.host
  }

  get port(): number {
    return this.#door.port
  }

  get isListening(): boolean {
    return this.#door.isOpen
  }

  get controlPort(): number | undefined {
    return this.#control?.port
  }

  get seed(): number {
    return this.#options.seed
  }

  get connections(): readonly ConnectionInfo[] {
    return [...this.#connections.values()].map((connection) => connection.info)
  }

  get faults(): Faults {
    return this.#faults
  }

  get log(): readonly LogEntry[] {
    return this.#log.entries()
  }

  get isScheduled(): boolean {
    return this.#runner?.isRunning ?? false
  }

  async set(change: FaultChange): Promise<void> {
    this.#refuseIfClosed('set')
    await this.#apply(mergeFaults(this.#faults, change))
  }

  async clear(): Promise<void> {
    if (this.#life.name === 'closed') return
    this.#runner?.stop()
    await this.#clearFaults()
  }

  cut(): number {
    return this.#endAll('cut')
  }

  reset(): number {
    return this.#endAll('reset')
  }

  runSchedule(steps: readonly Step[]): () => void {
    this.#refuseIfClosed('runSchedule')
    const checked = readSteps(steps)
    this.#runner?.stop()
    if (checked.length === 0) return () => {}
    const runner = new ScheduleRunner(checked, {
      // A port that cannot be opened again is in the log as `listen-failed`; the schedule goes on.
      apply: (change) => void this.#apply(mergeFaults(this.#faults, change)).catch(() => undefined),
      act: (action) => this.#act(action),
      emit: (event) => this.#log.add(event),
    })
    this.#runner = runner
    return () => runner.stop()
  }

  logAfter(after: number): readonly LogEntry[] {
    return this.#log.entries(after)
  }

  onEvent(listener: EventListener): () => void {
    return this.#log.listen(listener)
  }

  close(): Promise<void> {
    // In a microtask, so that an event listener that calls `close` again finds the state already changed.
    if (this.#life.name === 'running')
      this.#life = { name: 'closed', done: Promise.resolve().then(() => this.#end()) }
    return this.#life.done
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #accept(socket: Socket): void {
    const { accept } = this.#faults
    this.#lastId += 1
    const id = this.#lastId
    const connection =
      accept === 'ok' || accept === 'refuse'
        ? new Connection(id, socket, this.#connectionHost)
        : new UnservedConnection(id, socket, accept, this.#connectionHost)
    this.#connections.set(id, connection)
  }

  async #apply(faults: Faults): Promise<void> {
    this.#faults = faults
    this.#log.add({ event: 'faults', faults })
    for (const connection of this.#connections.values()) connection.faultsChanged()
    // A schedule that is stopped by `close` switches its faults off: that must not open the port again.
    if (faults.accept === 'refuse' || this.#life.name === 'closed') await this.#door.shut()
    else await this.#door.reopen()
  }

  async #clearFaults(): Promise<void> {
    this.#log.add({ event: 'clear' })
    await this.#apply(noFaults)
  }

  #act(action: Action): void {
    if (action === 'clear') void this.#clearFaults().catch(() => undefined)
    else this.#endAll(action)
  }

  #endAll(action: 'cut' | 'reset'): number {
    if (this.#life.name === 'closed') return 0
    const connections = [...this.#connections.values()]
    this.#log.add({ event: action, connections: connections.length })
    for (const connection of connections) connection[action]()
    return connections.length
  }

  async #end(): Promise<void> {
    this.#runner?.stop()
    const shut = this.#door.shut()
    await Promise.all([...this.#connections.values()].map((connection) => connection.destroy()))
    await shut
    await this.#door.closed()
    this.#log.add({ event: 'stopped' })
    await this.#control?.close()
  }

  #refuseIfClosed(method: string): void {
    if (this.#life.name === 'closed') throw new ChaosError('closed', `${method}: the proxy is closed`)
  }
}
