import { WebSocket } from 'ws'
import { assertNumber, fill, must } from '../bounds.ts'
import type { CreateSocket, SocketLike } from '../socket-like.ts'

/** How messages are compressed with permessage-deflate (RFC 7692). */
export interface DeflateOptions {
  /** A message of fewer bytes is sent as it is, if the server confirms `client_no_context_takeover`. Default 1,024. */
  readonly thresholdBytes?: number | undefined
  /** How hard zlib tries, from 1 to 9. Default 6. */
  readonly level?: number | undefined
}

/** How sockets are made in Node. */
export interface NodeSocketOptions {
  /**
   * Offers permessage-deflate. Default `false`: it costs memory and time at both ends, and tells of secrets when a message has
   * them beside text of somebody else (CRIME, BREACH). Each message is compressed by itself.
   */
  readonly perMessageDeflate?: boolean | DeflateOptions | undefined
  /**
   * The largest message taken, in bytes, counted after it was inflated; a larger one ends the connection, before all of it is
   * in memory. Default 16,777,216.
   */
  readonly maxPayloadBytes?: number | undefined
  /** An agent of `node:http` or `node:https`, such as one for a proxy. Default: the connections of this socket alone. */
  readonly agent?: object | undefined
  /** Options of `tls.connect`, such as `ca`, `cert`, `key` and `servername`. Default: what Node takes. */
  readonly tls?: object | undefined
}

const NodeWebSocket = WebSocket as unknown as new (
  url: string,
  protocols: readonly string[],
  options: object,
) => SocketLike

/**
 * Makes the option `createSocket` for Node: `ws`, with compression, an agent or TLS options.
 * @throws TypeError or RangeError naming the option, the bound and the value
 * @example
 * connect('wss://chat.example/live', { createSocket: nodeSocket({ perMessageDeflate: { thresholdBytes: 512 } }) })
 */
export function nodeSocket(options: NodeSocketOptions = {}): CreateSocket {
  const { perMessageDeflate: deflate = false, agent, tls, ...others } = options
  const { maxPayloadBytes } = fill('nodeSocket', others, { maxPayloadBytes: 16_777_216 })
  assertObject('nodeSocket.agent', agent)
  assertObject('nodeSocket.tls', tls)
  const settings = {
    ...tls,
    ...(agent && { agent }),
    maxPayload: maxPayloadBytes,
    followRedirects: false,
    perMessageDeflate: deflate === false ? false : deflateOf(deflate === true ? {} : deflate),
  }
  return (url, protocols, { headers }) => new NodeWebSocket(url, protocols, { ...settings, headers })
}

function deflateOf(options: DeflateOptions): object {
  must(
    typeof options === 'object' && options,
    TypeError,
    'nodeSocket.perMessageDeflate',
    'a boolean or an object',
    options,
  )
  const { thresholdBytes = 1_024, ...others } = options
  const { level } = fill('nodeSocket.perMessageDeflate', others, { level: 6 })
  assertNumber('nodeSocket.perMessageDeflate.thresholdBytes', thresholdBytes, 0)
  assertNumber('nodeSocket.perMessageDeflate.level', level, 1, 9)
  return {
    threshold: thresholdBytes,
    // A window over several messages costs some 300 KB a connection, makes `ws` ignore the threshold, and lets the size of one
    // message tell of another.
    clientNoContextTakeover: true,
    serverNoContextTakeover: true,
    zlibDeflateOptions: { level },
  }
}

function assertObject(name: string, value: unknown): void {
  must(value === undefined || (typeof value === 'object' && value), TypeError, name, 'an object', value)
}
