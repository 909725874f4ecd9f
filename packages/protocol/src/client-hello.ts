import type { ClientConfig } from './client-config.ts'
import { type Hello, extensions, version } from './frame.ts'
import { wireLimits } from './limits.ts'
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
  return {
    kind: 'hello',
    v: [version],
    sid: identity?.sid ?? null,
    tok: identity?.token ?? null,
    att: attempt,
    rx: counts?.rx ?? 0,
    ack: counts?.ack ?? 0,
    ...wireLimits(config.limits),
    auth,
    cid: config.cid,
    ua: config.agent,
    ext: config.batch ? extensions : ['auth'],
    proto: config.proto,
  }
}
