import { Emitter, guard, type Release, type Resources, Scope, surface } from '@holdfast/lifetime'
import { assertMethods, must } from '../bounds.ts'
import { HoldfastError } from '../errors.ts'
import type { Session } from '../session.ts'
import { type ClientHost, ClientSessions } from './client-sessions.ts'
import type { RegistryOptions } from './registry-options.ts'
import type { RegistryEvents, RegistryLease, RegistryStats, SessionRegistry } from './session-registry.ts'
import { SharedLease } from './shared-lease.ts'

/** The registry itself. */
export class LiveRegistry<Key> implements SessionRegistry<Key>, ClientHost<Key> {
  readonly settings: RegistryOptions<Key>
  readonly on: SessionRegistry<Key>['on'] = (type, handler, options) =>
    this.#events.on(type, handler, options)
  readonly #open: (key: Key, name: string) => Session
  readonly #scope: Scope
  readonly #events: Emitter<RegistryEvents<Key>>
  readonly #clients = new Map<Key, ClientSessions<Key>>()
  readonly #counters = { opened: 0, found: 0, idled: 0 }
  declare [Symbol.dispose]: () => void

  constructor(open: (key: Key, name: string) => Session, settings: RegistryOptions<Key>) {
    this.#open = open
    this.settings = settings
    this.#scope = new Scope(settings.clock)
    // Scopes end newest first: the listeners outlive everything of which they are told.
    this.#events = new Emitter<RegistryEvents<Key>>(this.#scope.child(), (error, type) => {
      if (type === 'error') surface(error)
      else this.report(error)
    })
    // After the sessions, whose scopes are opened later.
    this.#scope.defer(() => {
      for (const client of this.#clients.values()) this.idle(client)
    })
  }

  get resources(): Resources {
    return { ...this.#scope.ledger }
  }

  acquire(key: Key, name = ''): RegistryLease<Key> {
    must(typeof name === 'string', TypeError, 'acquire.name', 'a string', name)
    if (this.#scope.ended) throw new HoldfastError('closed', 'registry: disposed')
    const client = this.#clients.get(key) ?? this.#join(key)
    const found = client.find(name)
    const how = found ? 'found' : 'opened'
    const shared = found ?? client.open(name)
    this.#counters[how] += 1
    return new SharedLease(key, shared, client.hold(shared, how))
  }

  tie(key: Key, release: () => unknown): Release {
    must(typeof release === 'function', TypeError, 'tie.release', 'a function', release)
    const client = this.#clients.get(key)
    if (client) return client.tie(release)
    void guard(release, (error) => this.report(error))
    return () => {}
  }

  has(key: Key): boolean {
    return this.#clients.has(key)
  }

  stats(): RegistryStats {
    const { opened, found: reused, idled } = this.#counters
    const stats = { opened, reused, idled, keys: this.#clients.size, sessions: 0, leases: 0 }
    for (const { counts } of this.#clients.values()) {
      stats.sessions += counts.sessions
      stats.leases += counts.leases
    }
    return stats
  }

  dispose(): void {
    this.#scope.end()
  }

  open(key: Key, name: string): Session {
    const session = this.#open(key, name)
    assertMethods('open()', Object(session) as object, ['on', 'close', 'dispose'])
    return session
  }

  report(error: unknown): void {
    if (this.#events.has('error')) void this.#events.emit('error', { error })
    else surface(error)
  }

  child(): Scope {
    return this.#scope.child()
  }

  idle(client: ClientSessions<Key>): void {
    if (this.#clients.get(client.key) !== client) return
    this.#clients.delete(client.key)
    client.end()
    this.#counters.idled += 1
    void this.#events.emit('idle', { key: client.key })
  }

  #join(key: Key): ClientSessions<Key> {
    const client = new ClientSessions<Key>(this, key)
    this.#clients.set(key, client)
    return client
  }
}

// WebKit and older browsers have no such symbol: there, `using` cannot be written, and this changes nothing.
const { prototype } = LiveRegistry
prototype[Symbol.dispose ?? 'dispose'] = prototype.dispose
