/** Where clients reach the server. */
export interface ServerAddress {
  /** The address it listens on; for a UNIX socket its path. */
  readonly host: string
  /** The port it listens on; 0 for a UNIX socket. */
  readonly port: number
  /** The address to connect to from this machine: `ws://` or `wss://`, with the path. */
  readonly url: string
}

/** What the server is doing. The same object until it changes. */
export type ServerState =
  | { readonly name: 'idle' }
  | { readonly name: 'starting' }
  | { readonly name: 'ready'; readonly address: ServerAddress }
  /** No upgrade is accepted any more; until `spreadUntil` (epoch ms) clients leave, each at a moment of its own. */
  | { readonly name: 'draining'; readonly spreadUntil: number }
  /** No upgrade is accepted any more; `deadlineAt` (epoch ms) is when what is left will be forced. */
  | { readonly name: 'stopping'; readonly deadlineAt: number }
  | { readonly name: 'stopped' }
