import type { Scope } from '@holdfast/lifetime'
import type { Batch, BatchAnswer, OutboxBounds, SharedAttachment, SharedStorage } from '@holdfast/protocol'
import type { AttachRequest } from '@holdfast/protocol'
import type { SentMessage } from './sent-message.ts'

/** What a shared store gets from the server that works with it. */
export interface SharedStoreHost {
  /** Ends with the server. */
  readonly scope: Scope
  readonly ttlMs: number
  readonly hold: OutboxBounds
  /** Takes errors that nobody waits for. */
  readonly report: (error: unknown) => void
  /** Something happened to a session elsewhere; without one, to any: the store is to be asked. */
  readonly wake: (sid?: string) => void
  /** Another server has a client for a session: what there is of this generation is to be kept, then `done` is to be called. */
  readonly release: (sid: string, gen: number, done: () => void) => void
}

/** A message from another node that waits for a number. */
export interface WaitingPost {
  readonly id: string
  readonly message: SentMessage
}

/** A store in which several servers keep their sessions: made by `redisStore` of `@holdfast/server/redis`. */
export interface SharedStore extends SharedStorage<SentMessage> {
  /** Sessions with a client are reported within this time, so that they are not taken for those of a dead server. */
  readonly reportMs: number
  /** Begins to work for a server: `createServer` calls it. @throws TypeError when it works for one already */
  open(host: SharedStoreHost): void
  /** Finds the session of a HELLO, takes it over and gives it a new generation, or makes a new one. */
  attach(request: AttachRequest): Promise<SharedAttachment<SentMessage>>
  /** Keeps a batch, if its generation is the newest: all of it or nothing. May be called again with the same or more. */
  keep(batch: Batch<SentMessage>): Promise<BatchAnswer>
  /** Notes that this server has let go of a session, of which the store has all: nobody need ask it before they take the session over. */
  letGo(sid: string, gen: number): Promise<void>
  /** Resolves when nothing is under way that the store was asked for. */
  settled(): Promise<void>
  /** Returns posts that wait behind the one with this id; without one, from the oldest. */
  waiting(sid: string, after: string | undefined): Promise<readonly WaitingPost[]>
}

/** Tells a store that servers share from one of this process. */
export function isSharedStore(store: unknown): store is SharedStore {
  return typeof store === 'object' && store !== null && 'keep' in store && typeof store.keep === 'function'
}
