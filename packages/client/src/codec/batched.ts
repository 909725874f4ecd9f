import { assertMethods, assertNumber, fill } from '../bounds.ts'
import { type BatchLimits, type Codec, layered, type ListCodec } from './codec.ts'

/**
 * Puts values that are sent shortly after each other into one message, for servers that take arrays. Every message is an array
 * then, of a single value too; one that arrives may be an array or a single value. Order stays, and each value has its
 * receipt. In resume mode `resume({ batch: … })` does the same without a change at the application.
 *
 * @throws TypeError or RangeError naming the option, the bound and the value; TypeError when the codec takes no arrays
 * @example
 * const view = coded(session, batched(json<Tick>(), { lingerMs: 20 }))
 */
export function batched<Out, In>(
  codec: ListCodec<Out, In>,
  limits: Partial<BatchLimits> = {},
): ListCodec<Out, In> {
  assertMethods('batched.codec', codec, ['encode', 'decode', 'encodeAll', 'decodeAll'])
  const { lingerMs = 5, ...others } = limits
  const batch = { ...fill('batched', others, { maxMessages: 100, maxBytes: 65_536 }), lingerMs }
  assertNumber('batched.lingerMs', lingerMs, 0)
  assertNumber('batched.maxMessages', batch.maxMessages, 1)
  assertNumber('batched.maxBytes', batch.maxBytes, 1)
  return layered(codec as Codec<Out, In>, { batch }) as ListCodec<Out, In>
}
