import { type Hello, type Welcome, extensions, version } from './frame.ts'
import { wireLimits } from './limits.ts'
import type { PeerCounts } from './outbox.ts'
import type { ServerConfig } from './server-config.ts'
import type { Lost } from './session-store.ts'

/** What a connection brings along when it is bound to a session. */
export interface Binding {
  readonly connection: number
  readonly hello: Hello
  /** The token that WELCOME hands out. */
  readonly token: string
  readonly resumed: boolean
  readonly lost: Lost | undefined
  readonly expiresMs: number | undefined
}

/** Chooses the first of the client's subprotocols that the server speaks too. */
export function chooseProto(hello: Hello, config: ServerConfig): string | undefined {
  return hello.proto?.find((offered) => config.proto.includes(offered))
}

/** Builds the WELCOME for a binding. */
export function welcomeFor(sid: string, counts: PeerCounts, binding: Binding, config: ServerConfig): Welcome {
  const { resumed, lost, token, expiresMs, hello } = binding
  const { pingMs, idleMs, ttlMs, spreadMs, limits } = config
  return {
    kind: 'welcome',
    v: version,
    sid,
    tok: token,
    res: resumed,
    lost: lost?.reason,
    ...lost?.last,
    ...counts,
    ping: pingMs,
    idle: idleMs,
    ttl: ttlMs,
    ...wireLimits(limits),
    spread: spreadMs,
    ext: extensions.filter((name) => hello.ext?.includes(name)),
    proto: chooseProto(hello, config),
    exp: expiresMs,
  }
}
