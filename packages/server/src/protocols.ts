import type { ConnectionRequest } from './connection-request.ts'
import { ServerError } from './errors.ts'
import { shown } from './option-checks.ts'
import type { Refusal } from './refusal.ts'

/** Picks one of the subprotocols a client offered; `undefined` when none of them is spoken here. */
export type ProtocolChooser = (offered: readonly string[], request: ConnectionRequest) => string | undefined

/** The subprotocols spoken here, the preferred one first, or a function that picks. */
export type Protocols = readonly string[] | ProtocolChooser

/** Promises a protocol of its own, which a server speaks only with `sessions`: to agree to it and echo would be a lie. */
const sessionProtocol = 'holdfast.v1'

/** Picks what the client prefers: its first offer, `holdfast.v1` excepted. */
export const firstOffered: ProtocolChooser = (offered) => offered.find((name) => name !== sessionProtocol)

/**
 * Settles the subprotocol. A client that offers none gets none. One whose offers are all unknown is refused with 400: it
 * would have to fail the connection anyway (WHATWG WebSockets, "establish a WebSocket connection"), without knowing why.
 * @throws ServerError `bad-answer` when the function picks what was not offered; and whatever the function throws
 */
export function settleProtocol(
  protocols: Protocols,
  request: ConnectionRequest,
): { readonly protocol: string } | Refusal {
  const offered = request.offeredProtocols
  if (offered.length === 0) return { protocol: '' }
  const choose = typeof protocols === 'function' ? protocols : preferring(protocols)
  const protocol = choose(offered, request)
  if (protocol === undefined) {
    return { reason: 'protocol', status: 400, detail: 'none of the offered subprotocols is spoken here' }
  }
  if (offered.includes(protocol)) return { protocol }
  throw new ServerError('bad-answer', `protocols: must pick one of the offered, picked ${shown(protocol)}`)
}

function preferring(spoken: readonly string[]): ProtocolChooser {
  return (offered) => spoken.find((name) => offered.includes(name))
}
