import type { ListenOptions, Release, Resources } from '@holdfast/lifetime'
import type { Session } from '../session.ts'

/** A disposable share of a session in a registry. */
export interface RegistryLease<Key> {
  readonly key: Key
  readonly name: string
  /** The session, at once and whatever its state: as `connect` gives it. */
  readonly session: Session
  /** Gives it back; the session goes when all did, after `lingerMs`. A second call does nothing. */
  release(): void
  /** `using lease = registry.acquire(key)`: as `release()`. Present where the platform has `Symbol.dispose`. */
  [Symbol.dispose](): void
}

/** What a registry tells. */
export interface RegistryEvents<Key> {
  /** The last session of a key is out, and what was tied to the key was released. */
  readonly idle: { readonly key: Key }
  /** A handler, a tracer, or something tied to a key, threw. Without a handler for it: `reportError`. */
  readonly error: { readonly error: unknown }
}

/** What a registry has, and what it did: a copy. */
export interface RegistryStats {
  /** Keys and sessions now, those that linger included, and leases that are out. */
  readonly keys: number
  readonly sessions: number
  readonly leases: number
  /** Since it was made: sessions opened, leases that found one, keys that went idle. */
  readonly opened: number
  readonly reused: number
  readonly idled: number
}

/** Sessions by key, shared and counted. Every method is legal in every state and handler. */
export interface SessionRegistry<Key> {
  /** What the registry holds itself; its sessions count their own. All zero once disposed. */
  readonly resources: Resources

  /**
   * Gives a share of the session of that key and name, and opens it when there is none that can be used. One key, such as a
   * user or an origin, may have several sessions, told apart by name.
   * @param name default `''`
   * @throws HoldfastError `closed` after `dispose()`, and whatever `open` throws
   */
  acquire(key: Key, name?: string): RegistryLease<Key>

  /**
   * Ties something to a key: `release` runs once, when the last session of the key is out; the last one tied first. At once
   * when the key has no session, or after `dispose()`.
   * @returns runs it now instead, once
   */
  tie(key: Key, release: () => unknown): Release

  /** Tells whether the key has a session, held or lingering. */
  has(key: Key): boolean

  /** Tells what the registry has, and what it did. */
  stats(): RegistryStats

  /** Registers a handler and returns its undo. */
  on<Type extends keyof RegistryEvents<Key>>(
    type: Type,
    handler: (event: RegistryEvents<Key>[Type]) => unknown,
    options?: ListenOptions,
  ): Release

  /** Disposes every session, held or not, releases what was tied, and tells every key's `idle`. Idempotent, total. */
  dispose(): void

  /** `using`: as `dispose()`. Present where the platform has `Symbol.dispose`. */
  [Symbol.dispose](): void
}
