import { assertMethods, must } from '../bounds.ts'
import type { Incoming } from '../message.ts'
import { andThen, type ListCodec, type MaybePromise } from './codec.ts'

/** The part of a MessagePack library that is used: `@msgpack/msgpack` as a whole, or a `Packr` of `msgpackr`. */
export interface MessagePackLibrary {
  /** Gives the bytes of a value. */
  encode(value: unknown): Uint8Array
  /** Gives the value in bytes. */
  decode(bytes: Uint8Array): unknown
}

/**
 * Makes the codec of MessagePack, or of any other library with the same two functions, such as one for CBOR. A batch is an
 * array; whatever else arrives is one value.
 * @param library the library itself, or a function that loads it before the first value, once; if that fails, the value
 *   fails and the next one tries again
 * @throws TypeError when it lacks a function that will be called on it
 * @example
 * const view = coded(session, msgpack<Order, Quote>(() => import('@msgpack/msgpack')))
 */
export function msgpack<Out = unknown, In = unknown>(
  library: MessagePackLibrary | (() => Promise<MessagePackLibrary>),
): ListCodec<Out, In> {
  const load = typeof library === 'function' ? library : undefined
  let loaded = typeof library === 'function' ? undefined : checked(library)
  const ready = (): MaybePromise<MessagePackLibrary> =>
    loaded ??
    (load as () => Promise<MessagePackLibrary>)().then((found) => {
      loaded = checked(found)
      return loaded
    })
  const encode = (value: unknown) => andThen(ready(), (lib) => lib.encode(value))
  const decode = (message: Incoming) =>
    andThen(ready(), (lib) => {
      must(typeof message !== 'string', TypeError, 'msgpack', 'a binary message', 'text')
      return lib.decode(new Uint8Array(message))
    })
  return {
    encode,
    encodeAll: encode,
    decode: (message) => decode(message) as MaybePromise<In>,
    decodeAll: (message) =>
      andThen(decode(message), (value) => (Array.isArray(value) ? (value as In[]) : [value as In])),
  }
}

function checked(library: MessagePackLibrary): MessagePackLibrary {
  assertMethods('msgpack', library, ['encode', 'decode'])
  must(library, TypeError, 'msgpack', 'a library, or a function that loads one', library)
  return library
}
