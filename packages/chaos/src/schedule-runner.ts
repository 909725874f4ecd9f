import type { ChaosEvent } from './chaos-event.ts'
import { type FaultChange, noFaults } from './faults.ts'
import type { Action, Step } from './step.ts'
import { Timers } from './timers.ts'

/** What a running schedule acts on. */
export interface ScheduleHost {
  apply(change: FaultChange): void
  act(action: Action): void
  emit(event: ChaosEvent): void
}

/** Carries out the steps of one schedule at their times. */
export class ScheduleRunner {
  readonly #host: ScheduleHost
  readonly #timers = new Timers()
  /** What has to be switched off again, by step. */
  readonly #lasting = new Map<number, FaultChange>()
  #waiting: number
  #state: 'running' | 'over' = 'running'

  constructor(steps: readonly Step[], host: ScheduleHost) {
    this.#host = host
    this.#waiting = steps.length
    host.emit({ event: 'schedule', steps: steps.length })
    for (const [index, step] of steps.entries())
      this.#timers.after(step.afterMs, () => this.#run(index, step))
    this.#endWhenDone()
  }

  get isRunning(): boolean {
    return this.#state === 'running'
  }

  /** Ends the schedule now: later steps do not happen, faults with `forMs` still in force are switched off. */
  stop(): void {
    if (this.#state === 'over') return
    this.#state = 'over'
    this.#timers.clear()
    for (const [index, set] of this.#lasting) this.#switchOff(index, set)
    this.#host.emit({ event: 'schedule-ended', by: 'stop' })
  }

  #run(index: number, step: Step): void {
    this.#waiting -= 1
    this.#host.emit({ event: 'step', index, step })
    if (step.set !== undefined) this.#set(index, step.set, step.forMs)
    if (step.action !== undefined) this.#host.act(step.action)
    this.#endWhenDone()
  }

  #set(index: number, set: FaultChange, forMs: number | undefined): void {
    this.#host.apply(set)
    if (forMs === undefined) return
    this.#lasting.set(index, set)
    this.#timers.after(forMs, () => {
      this.#switchOff(index, set)
      this.#endWhenDone()
    })
  }

  #switchOff(index: number, set: FaultChange): void {
    this.#lasting.delete(index)
    this.#host.emit({ event: 'step-ended', index, set })
    this.#host.apply(offValues(set))
  }

  #endWhenDone(): void {
    if (this.#state === 'over' || this.#waiting > 0 || this.#lasting.size > 0) return
    this.#state = 'over'
    this.#host.emit({ event: 'schedule-ended', by: 'end' })
  }
}

function offValues(set: FaultChange): FaultChange {
  const names = Object.keys(set) as (keyof FaultChange)[]
  return Object.fromEntries(names.map((name) => [name, noFaults[name]]))
}
