/** A request as it came: a JSON object with an `id`. Everything in it is from outside. */
export interface RequestMessage extends Readonly<Record<string, unknown>> {
  readonly id: string | number
}

/** The longest `id` that is answered; a longer one is no request. */
const MAX_ID_LENGTH = 256

/** Reads a message: `undefined` when it is no request. */
export function requestIn(message: string | Uint8Array): RequestMessage | undefined {
  if (typeof message !== 'string' || !/^\s*\{/.test(message)) return undefined
  try {
    const found = JSON.parse(message) as Partial<RequestMessage>
    const { id } = found
    const answerable = typeof id === 'number' || (typeof id === 'string' && id.length <= MAX_ID_LENGTH)
    return answerable ? (found as RequestMessage) : undefined
  } catch {
    return undefined
  }
}

/** Tells whether a request is one of JSON-RPC 2.0, whose answers say so as well. */
export function isJsonRpc({ jsonrpc }: RequestMessage): boolean {
  return jsonrpc === '2.0'
}
