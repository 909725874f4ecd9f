import type { Release } from '@holdfast/lifetime'
import type { Session } from '../session.ts'
import type { RegistryLease } from './session-registry.ts'
import type { SharedSession } from './shared-session.ts'

/** The lease itself. */
export class SharedLease<Key> implements RegistryLease<Key> {
  readonly key: Key
  readonly name: string
  readonly session: Session
  readonly release: Release
  declare [Symbol.dispose]: () => void

  /** @param release gives it back, once */
  constructor(key: Key, { name, session }: SharedSession, release: Release) {
    this.key = key
    this.name = name
    this.session = session
    this.release = release
    // WebKit and older browsers have no such symbol: there, `using` cannot be written, and this changes nothing.
    this[Symbol.dispose ?? 'release'] = release
  }
}
