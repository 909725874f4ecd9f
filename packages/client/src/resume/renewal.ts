import { platform, type Scope } from '@holdfast/lifetime'
import type { Settings } from '../options.ts'
import type { PlugHost } from '../plug.ts'
import { ask, type Credentials } from '../target.ts'

/** Fresh credentials are asked for after this part of the time that the present ones hold. */
const SHARE = 0.8

/** Renews credentials on a living connection, before they expire. */
export class Renewal {
  readonly #host: PlugHost<Settings>
  readonly #use: (credentials: Credentials) => void
  /** Of the present credentials. */
  #scope: Scope | undefined

  /** @param use hands fresh credentials to the server */
  constructor(host: PlugHost<Settings>, use: (credentials: Credentials) => void) {
    this.#host = host
    this.#use = use
  }

  /** The credentials hold this long from now, in milliseconds; `undefined`: as far as anybody knows, for ever. */
  expiresIn(ms: number = Infinity): void {
    this.#scope?.end()
    const scope = this.#host.scope.child()
    this.#scope = scope
    scope.timeout(ms * SHARE, () => void this.#renew(scope))
  }

  async #renew(scope: Scope): Promise<void> {
    const signal = new platform.AbortController().signal
    try {
      const { credentials } = this.#host.sources()
      const fresh = await ask(credentials, { attempt: 1, cause: { kind: 'credentials' }, signal })
      if (!scope.ended) this.#use(fresh)
    } catch (error) {
      // When the old ones expire the server closes, and the next attempt asks again.
      void this.#host.events.emit('error', { phase: 'resolve', error })
    }
  }
}
