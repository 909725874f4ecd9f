import { integer, knownNames, oneOf, shown } from '../option-checks.ts'

/** What happens to a message for a member that does not take what it was sent before. */
export type BackpressurePolicy =
  /** It waits; when too much does, the member is disconnected. It comes back and asks for what it needs: nothing is lost silently. */
  | 'disconnect'
  /** It waits; when too much does, the oldest that waits is dropped. For events of which only the latest matter. */
  | 'drop-oldest'
  /** It waits; when too much does, it is dropped itself. */
  | 'drop-newest'
  /** It waits, in the place of one with the same `key` that waits still; when too much does, the oldest is dropped. For states. */
  | 'coalesce'

/** How much may wait for one member, beyond what its connection or session buffers, and what happens then. */
export interface Backpressure {
  /** Default `disconnect`. */
  readonly policy?: BackpressurePolicy
  /** Messages that may wait. Default 256; 0: none. */
  readonly maxMessages?: number
  /** Bytes that may wait. Default 1,048,576. */
  readonly maxBytes?: number
}

/** Backpressure, checked, with its defaults. */
export type ResolvedBackpressure = Required<Backpressure>

/** What holds unless an option says otherwise. */
export const defaultBackpressure = {
  policy: 'disconnect',
  maxMessages: 256,
  maxBytes: 1_048_576,
} as const satisfies ResolvedBackpressure

/**
 * Checks the option and fills in what is not given from `base`.
 * @throws TypeError or RangeError naming the part, its bound and the value received
 */
export function resolveBackpressure(
  raw: Backpressure,
  base: ResolvedBackpressure = defaultBackpressure,
): ResolvedBackpressure {
  if (typeof raw !== 'object' || raw === null) {
    throw new TypeError(`backpressure: must be an object, received ${shown(raw)}`)
  }
  knownNames('backpressure', raw, Object.keys(defaultBackpressure))
  const { policy = base.policy, maxMessages = base.maxMessages, maxBytes = base.maxBytes } = raw
  const policies = ['disconnect', 'drop-oldest', 'drop-newest', 'coalesce'] as const
  return {
    policy: oneOf('backpressure.policy', policy, policies),
    maxMessages: integer('backpressure.maxMessages', maxMessages, { min: 0, max: 1_000_000 }),
    maxBytes: integer('backpressure.maxBytes', maxBytes, { min: 0, max: 1_073_741_824 }),
  }
}
