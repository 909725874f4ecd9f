// What `platform-socket.ts` is in a browser: its WebSocket, and nothing of `ws`.
import type { Scope } from '@holdfast/lifetime'
import NativeSocket from 'isomorphic-ws'
import type { CreateSocket, Ping, SocketLike } from './socket-like.ts'

const Native = NativeSocket as unknown as new (url: string, protocols: readonly string[]) => SocketLike

/** Browsers let nobody add headers. */
export const sendsHeaders = false as const

/** Headers can only be meant for a `createSocket`, which knows what it takes. */
export function parseHeaders<T>(value: T): T {
  return value
}

/** Timers of a browser keep nothing alive. */
export function withUnref<T>(settings: T): T {
  return settings
}

/** Makes the browser's WebSocket. */
export const createNativeSocket: CreateSocket = (url, protocols) => new Native(url, [...protocols])

/** Listens for messages. */
export function listenForMessages(socket: SocketLike, scope: Scope, run: (data: unknown) => void): void {
  scope.listen(socket, 'message', ({ data }: { readonly data: unknown }) => run(data))
}

/** There is nothing more to watch than what every WebSocket tells. */
export function watchNodeSocket(): Ping | undefined {
  return undefined
}

/** A browser's WebSocket can only be closed. */
export function terminate(): boolean {
  return false
}

/** A browser's WebSocket can do no more than any other. */
export function handThrough(): void {}
