import { BadValueError } from './bad-value-error.ts'
import { check } from './check.ts'
import { isLoopback } from './loopback.ts'
import { maxSeed } from './seeded-random.ts'
import { readSteps, type Step } from './step.ts'
import { type FaultChange, type Faults, noFaults } from './faults.ts'
import { mergeFaults } from './merge-faults.ts'

/** Steers {@link startChaos}. */
export interface ChaosOptions {
  /** Is where connections are passed on to. */
  readonly target: { readonly host: string; readonly port: number }
  /** Is the address to listen on. Default `127.0.0.1`. */
  readonly host?: string
  /** Is the port to listen on; 0 takes a free one. Default 0. */
  readonly port?: number
  /** Says where the HTTP control listens, loopback only; `false` is none. Default `127.0.0.1` and a free port. */
  readonly control?: { readonly host?: string; readonly port?: number } | false
  /** Decides jitter: an integer from 0 to 4,294,967,295. Default: drawn at random, to be read from `proxy.seed`. */
  readonly seed?: number
  /** Is in force from the start. Default: none. */
  readonly faults?: FaultChange
  /** Is carried out from the start. Default: none. */
  readonly schedule?: readonly Step[]
  /**
   * Bounds the bytes held per direction and connection, at least 1; at this mark the proxy stops reading, so that the
   * sender feels a full window. Up to one read (64 KiB) more may be held. Default 1,048,576.
   */
  readonly maxHeldBytes?: number
  /** Bounds the events kept in `log`, at least 1. Default 1,000. */
  readonly maxLogEntries?: number
}

/** Is what the options come to, defaults filled in. */
export interface ResolvedOptions {
  readonly target: { readonly host: string; readonly port: number }
  readonly host: string
  readonly port: number
  readonly control: { readonly host: string; readonly port: number } | false
  readonly seed: number
  readonly faults: Faults
  readonly schedule: readonly Step[] | undefined
  readonly maxHeldBytes: number
  readonly maxLogEntries: number
}

const names = [
  'target',
  'host',
  'port',
  'control',
  'seed',
  'faults',
  'schedule',
  'maxHeldBytes',
  'maxLogEntries',
]

function readControl(value: unknown): ResolvedOptions['control'] {
  if (value === false) return false
  const given = check.object('control', value ?? {}, ['host', 'port'])
  const host = check.text('control.host', given.host ?? '127.0.0.1')
  // Whoever reaches the control can break every connection and, with CORS open, any page could.
  if (!isLoopback(host)) throw new BadValueError('control.host', 'a loopback name or address', host)
  return { host, port: check.integer('control.port', given.port ?? 0, 0, 65_535) }
}

/** Checks the options and fills in the defaults. @throws BadValueError naming the option, the bound and the value */
export function resolveOptions(options: unknown): ResolvedOptions {
  const given = check.object('options', options, names)
  const target = check.object('target', given.target, ['host', 'port'])
  return {
    target: {
      host: check.text('target.host', target.host),
      port: check.integer('target.port', target.port, 1, 65_535),
    },
    host: check.text('host', given.host ?? '127.0.0.1'),
    port: check.integer('port', given.port ?? 0, 0, 65_535),
    control: readControl(given.control),
    seed: check.integer('seed', given.seed ?? Math.floor(Math.random() * (maxSeed + 1)), 0, maxSeed),
    faults: mergeFaults(noFaults, given.faults ?? {}),
    schedule: given.schedule === undefined ? undefined : readSteps(given.schedule),
    maxHeldBytes: check.integer('maxHeldBytes', given.maxHeldBytes ?? 2 ** 20, 1, 2 ** 30),
    maxLogEntries: check.integer('maxLogEntries', given.maxLogEntries ?? 1_000, 1, 1_000_000),
  }
}
