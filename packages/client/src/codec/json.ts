import { must } from '../bounds.ts'
import type { ListCodec } from './codec.ts'
import { textOf } from './text.ts'

/**
 * Makes the codec of JSON text. Reads binary messages as UTF-8. A batch is a JSON array; whatever else arrives is one value.
 * @example
 * const view = coded(session, json<Order, Quote>())
 */
export function json<Out = unknown, In = unknown>(): ListCodec<Out, In> {
  const encode = (value: unknown) => {
    const text = JSON.stringify(value) as string | undefined
    must(text !== undefined, TypeError, 'json', 'a value that JSON knows', typeof value)
    return text
  }
  return {
    encode,
    encodeAll: encode,
    decode: (message) => JSON.parse(textOf(message)) as In,
    decodeAll(message) {
      const value: unknown = JSON.parse(textOf(message))
      return (Array.isArray(value) ? value : [value]) as In[]
    },
  }
}
