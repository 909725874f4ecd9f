import { type Batching, type BatchOptions, batchDefaults, batching } from '@holdfast/protocol'
import { assertNumber, fill } from '../bounds.ts'

/**
 * Puts small text messages that are sent shortly after each other into common frames, which costs a fraction of the work and
 * of the bytes. Each is counted, acknowledged and delivered by itself, and the order stays. Binary messages keep frames of their own.
 *
 * @throws TypeError or RangeError naming the option, the bound and the value
 * @example
 * connect('wss://quotes.example/live', { resume: resume({ batch: batch({ lingerMs: 5 }) }) })
 */
export function batch(raw: Partial<BatchOptions> = {}): Batching {
  const { lingerMs = batchDefaults.lingerMs, ...others } = raw
  const { maxMessages, maxBytes } = batchDefaults
  const bounds = fill('batch', others, { maxMessages, maxBytes })
  assertNumber('batch.lingerMs', lingerMs, 0)
  assertNumber('batch.maxMessages', bounds.maxMessages, 1, 1_024)
  return batching({ ...bounds, lingerMs })
}
