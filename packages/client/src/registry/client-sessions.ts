import { guard, type Release, type Scope } from '@holdfast/lifetime'
import type { Session } from '../session.ts'
import { ConnectionTrace } from './connection-trace.ts'
import type { RegistryOptions } from './registry-options.ts'
import { SharedSession, type SharedSessionHost } from './shared-session.ts'

/** What the sessions of one key need from their registry. */
export interface ClientHost<Key> {
  readonly settings: RegistryOptions<Key>
  /** Opens a scope that ends with the registry. */
  child(): Scope
  open(key: Key, name: string): Session
  report(error: unknown): void
  /** No session is left. */
  idle(client: ClientSessions<Key>): void
}

/** All sessions of one key, and what is tied to them. */
export class ClientSessions<Key> implements SharedSessionHost {
  readonly key: Key
  readonly lingerMs: number
  readonly #host: ClientHost<Key>
  /** What is tied to the key. */
  readonly #ties: Scope
  readonly #byName = new Map<string, SharedSession>()
  /** Every session that is held or lingers, with its trace: also those that are over and still held. */
  readonly #all = new Map<SharedSession, ConnectionTrace<Key> | undefined>()

  constructor(host: ClientHost<Key>, key: Key) {
    this.#host = host
    this.key = key
    this.lingerMs = host.settings.lingerMs
    this.#ties = host.child()
  }

  /** How many sessions there are, and how many leases of them are out. */
  get counts(): { readonly sessions: number; readonly leases: number } {
    let leases = 0
    for (const { holders } of this.#all.keys()) leases += holders
    return { sessions: this.#all.size, leases }
  }

  /** Finds the session of that name, if it can be used. */
  find(name: string): SharedSession | undefined {
    const shared = this.#byName.get(name)
    return shared?.usable ? shared : undefined
  }

  /** Opens a session of that name. @throws whatever `open` throws; then nothing has changed, but that an empty key is idle */
  open(name: string): SharedSession {
    const { key } = this
    try {
      const session = this.#host.open(key, name)
      const scope = this.#host.child()
      const shared = new SharedSession(scope, this, session, name)
      const { trace } = this.#host.settings
      const report = (error: unknown) => this.#host.report(error)
      this.#all.set(shared, trace && new ConnectionTrace(scope, { key, name, session }, trace, report))
      this.#byName.set(name, shared)
      return shared
    } catch (error) {
      if (this.#all.size === 0) this.#host.idle(this)
      throw error
    }
  }

  /** Counts a holder of a session that was found, or was just opened. @returns counts it off, once */
  hold(shared: SharedSession, how: 'found' | 'opened'): Release {
    const trace = how === 'found' ? this.#all.get(shared) : undefined
    return shared.hold(trace?.reused() ?? (() => {}))
  }

  /** As `SessionRegistry.tie`. */
  tie(release: () => unknown): Release {
    return this.#ties.defer(() => void guard(release, (error) => this.#host.report(error)))
  }

  /** Releases what is tied. */
  end(): void {
    this.#ties.end()
  }

  over(shared: SharedSession): void {
    if (this.#byName.get(shared.name) === shared) this.#byName.delete(shared.name)
  }

  unused(shared: SharedSession): void {
    if (!this.#all.delete(shared)) return
    this.over(shared)
    shared.letGo()
    if (this.#all.size === 0) this.#host.idle(this)
  }
}
