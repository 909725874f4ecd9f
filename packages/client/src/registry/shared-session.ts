import type { Release, Scope } from '@holdfast/lifetime'
import type { Session } from '../session.ts'

/** What a shared session needs from those around it. */
export interface SharedSessionHost {
  readonly lingerMs: number
  /** The session is over: nobody else is to get it, but somebody may still hold it. */
  over(shared: SharedSession): void
  /** Nobody holds it, and it does not linger any more. */
  unused(shared: SharedSession): void
}

/** One session that several share, and how many they are. */
export class SharedSession {
  readonly session: Session
  readonly name: string
  readonly #scope: Scope
  readonly #host: SharedSessionHost
  #holders = 0
  #stopLingering: Release = () => {}

  /** Owns the session from now on: it is disposed when the scope ends. */
  constructor(scope: Scope, host: SharedSessionHost, session: Session, name: string) {
    this.#scope = scope
    this.#host = host
    this.session = session
    this.name = name
    scope.defer(() => session.dispose())
    const undo = session.on('state', ({ state }) => {
      if (state.name === 'closed') this.#over()
    })
    scope.defer(undo)
  }

  /** How many hold it. */
  get holders(): number {
    return this.#holders
  }

  /** Whether it may be given to somebody else. */
  get usable(): boolean {
    const { name } = this.session.state
    return name !== 'closed' && name !== 'closing'
  }

  /** Counts one more. @returns counts it off, once */
  hold(release: Release): Release {
    this.#stopLingering()
    this.#holders += 1
    return this.#scope.defer(() => {
      release()
      this.#holders -= 1
      if (this.#holders === 0 && !this.#scope.ended) this.#linger()
    })
  }

  /** Lets the session say goodbye, and gives everything back when it did. */
  letGo(): void {
    if (this.session.state.name === 'closed') this.#scope.end()
    else void this.session.close().then(() => this.#scope.end())
  }

  #linger(): void {
    if (!this.usable) return this.#host.unused(this)
    this.#stopLingering = this.#scope.timeout(this.#host.lingerMs, () => this.#host.unused(this))
  }

  #over(): void {
    this.#host.over(this)
    if (this.#holders > 0) return
    this.#stopLingering()
    this.#host.unused(this)
  }
}
