import type { CloseWith, FaultChange, Faults, Side } from './faults.ts'
import type { Step } from './step.ts'

/** Is one thing that happened at the proxy. */
export type ChaosEvent =
  | { readonly event: 'listening'; readonly host: string; readonly port: number }
  | { readonly event: 'not-listening'; readonly port: number }
  | { readonly event: 'listen-failed'; readonly port: number; readonly code: string }
  | { readonly event: 'control'; readonly host: string; readonly port: number }
  | { readonly event: 'opened'; readonly connection: number; readonly client: string }
  | { readonly event: 'connected'; readonly connection: number }
  | { readonly event: 'unserved'; readonly connection: number; readonly accept: 'hang' | 'reset' | 'close' }
  | { readonly event: 'target-failed'; readonly connection: number; readonly code: string }
  | { readonly event: 'half-closed'; readonly connection: number; readonly side: Side }
  | { readonly event: 'aborted'; readonly connection: number; readonly side: Side; readonly code: string }
  | { readonly event: 'dead'; readonly connection: number; readonly side: Side }
  | {
      readonly event: 'limit'
      readonly connection: number
      readonly by: 'closeAfterBytes' | 'closeAfterMs'
      readonly with: CloseWith
    }
  | {
      readonly event: 'closed'
      readonly connection: number
      readonly bytesUp: number
      readonly bytesDown: number
      readonly openMs: number
    }
  | { readonly event: 'faults'; readonly faults: Faults }
  | { readonly event: 'clear' }
  | { readonly event: 'cut' | 'reset'; readonly connections: number }
  | { readonly event: 'schedule'; readonly steps: number }
  | { readonly event: 'step'; readonly index: number; readonly step: Step }
  | { readonly event: 'step-ended'; readonly index: number; readonly set: FaultChange }
  | { readonly event: 'schedule-ended'; readonly by: 'end' | 'stop' }
  | { readonly event: 'stopped' }

/** Is an event with its number (1, 2, 3, …) and its time in milliseconds since the proxy started. */
export type LogEntry = { readonly n: number; readonly atMs: number } & ChaosEvent
