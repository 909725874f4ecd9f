import type { LogEntry } from './chaos-event.ts'
import type { EventListener } from './event-log.ts'
import type { FaultChange, Faults } from './faults.ts'
import type { ConnectionInfo } from './live-connection.ts'
import type { Step } from './step.ts'

/** Is a running proxy between clients and one target. */
export interface ChaosProxy {
  /** Is where the connections are passed on to. */
  readonly target: { readonly host: string; readonly port: number }
  /** Is the address clients dial. */
  readonly host: string
  /** Is the port clients dial; it stays the same while `accept: 'refuse'` keeps it closed. */
  readonly port: number
  /** Tells whether the port is open at the moment. */
  readonly isListening: boolean
  /** Is the port of the HTTP control, `undefined` when there is none. */
  readonly controlPort: number | undefined
  /** Decides jitter and, unless told otherwise, random schedules. */
  readonly seed: number
  /** Is when the proxy started, in milliseconds since 1970; `atMs` of the log counts from here. */
  readonly startedAt: number
  /** Lists the connections there are now, oldest first; `connections.length` counts them. */
  readonly connections: readonly ConnectionInfo[]
  /** Is what is in force now; a new frozen object after every change. */
  readonly faults: Faults
  /** Lists the last events, oldest first. */
  readonly log: readonly LogEntry[]
  /** Tells whether a schedule is being carried out. */
  readonly isScheduled: boolean

  /**
   * Changes the named faults and leaves the others. They are in force for all connections when the call returns; the
   * promise resolves when the listening port agrees too, which matters after `accept: 'refuse'` was set or lifted.
   *
   * @throws BadValueError for an unknown name or a value out of bounds; nothing is changed then
   * @throws ChaosError `closed` after `close`; `port-in-use` or `listen-failed` when the port cannot be opened again
   */
  set(change: FaultChange): Promise<void>
  /**
   * Switches off every fault, stops a running schedule and delivers what was held; directions that lost bytes to
   * `blackhole` stay dead. Does nothing after `close`.
   *
   * @throws ChaosError `port-in-use` or `listen-failed` when the port cannot be opened again
   */
  clear(): Promise<void>
  /** Sends FIN to both ends of all connections and drops what was held; returns how many there were. After `close`: 0. */
  cut(): number
  /** Sends RST to both ends of all connections and drops what was held; returns how many there were. After `close`: 0. */
  reset(): number
  /**
   * Starts a schedule in place of the one that runs; returns the undo, which stops it. An empty list only stops.
   *
   * @throws BadValueError naming the step and the field; the running schedule goes on then
   * @throws ChaosError `closed` after `close`
   */
  runSchedule(steps: readonly Step[]): () => void
  /** Lists the kept events with numbers above `after`. */
  logAfter(after: number): readonly LogEntry[]
  /** Calls a function with each new event; returns the undo. An error it throws surfaces as an uncaught error. */
  onEvent(listener: EventListener): () => void
  /**
   * Closes both ports and all connections and cancels all timers; resolves when nothing is held any more. A second
   * call returns the same promise; it never rejects.
   */
  close(): Promise<void>
  /** Closes the proxy at the end of an `await using` block. */
  [Symbol.asyncDispose](): Promise<void>
}
