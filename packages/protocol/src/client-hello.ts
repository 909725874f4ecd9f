import type { ClientConfig } from './client-config.ts'
import { type Hello, extensions, version } from './frame.ts'
import type { PeerCounts } from './outbox.ts'

/** What the client holds of the session it wants to continue. */
export interface Identity {
  readonly sid: string
  readonly token: string
}

/** Builds the HELLO of an attempt; without an identity it asks for a new session. */
export function helloFor(
  config: ClientConfig,
  attempt: number,
  identity: Identity | undefined,
  counts: PeerCounts | undefined,
  auth: unknown,
): Hello {
  const { limits, cid, agent, proto } = config
  return {
    kind: 'hello',
    versions: [version],
    sid: identity?.sid ?? null,
    token: identity?.token ?? null,
    attempt,
    rx: counts?.rx ?? 0,
    ack: counts?.ack ?? 0,
    limits,
    ...(auth === undefined ? {} : { auth }),
    cid,
    ...(agent === undefined ? {} : { agent }),
    ext: extensions,
    proto,
  }
}
