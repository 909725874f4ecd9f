import { platform, type Release } from '@holdfast/lifetime'
import type { Settings } from '../options.ts'
import type { PlugHost } from '../plug.ts'
import { ask, type Credentials } from '../target.ts'

/** Fresh credentials are asked for after this part of the time that the present ones hold. */
const SHARE = 0.8

/** Renews credentials on a living connection, before they expire. */
export class Renewal {
  readonly #host: PlugHost<Settings>
  readonly #use: (credentials: Credentials) => void
  #cancel: Release = () => {}

  /** @param use hands fresh credentials to the server */
  constructor(host: PlugHost<Settings>, use: (credentials: Credentials) => void) {
    this.#host = host
    this.#use = use
  }

  /** The credentials hold this long from now, in milliseconds; `undefined`: as far as anybody knows, for ever. */
  expiresIn(ms: number = Infinity): void {
    this.#cancel()
    const scope = this.#host.scope.child()
    const cancelTimer = scope.timeout(ms * SHARE, () => void this.#renew(() => scope.ended))
    this.#cancel = () => {
      cancelTimer()
      scope.end()
    }
  }

  async #renew(isOver: () => boolean): Promise<void> {
    const signal = new platform.AbortController().signal
    try {
      const { credentials } = this.#host.sources()
      const fresh = await ask(credentials, { attempt: 1, cause: { kind: 'credentials' }, signal })
      if (!isOver()) this.#use(fresh)
    } catch (error) {
      // When the old ones expire the server closes, and the next attempt asks again.
      void this.#host.events.emit('error', { phase: 'resolve', error })
    }
  }
}
