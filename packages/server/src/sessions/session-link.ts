import type { Release, Scope } from '@holdfast/lifetime'
import type { CloseCause } from '../counters.ts'
import type { DrivenConnection } from '../session-service.ts'
import { askAuthenticate, type AuthenticationAttempt, type Verdict } from './authenticate.ts'
import type { ResolvedSessionsOptions } from './sessions-options.ts'

/** What a link is made of. */
export interface SessionLinkParts {
  readonly connection: DrivenConnection
  /** Ended by the link. */
  readonly scope: Scope
  readonly options: ResolvedSessionsOptions
  /** What a client is told to wait that could not be identified for a reason of ours. */
  readonly retryMs: number
  readonly report: (error: unknown) => void
}

/** New credentials: none in question, or some, and maybe newer ones behind them. */
type Refresh =
  | { readonly name: 'idle' }
  | { readonly name: 'asking'; readonly newer: { readonly auth: unknown } | undefined }

/** How many bytes of a reason fit into a close frame (RFC 6455, section 5.5.1). */
const MAX_REASON_LENGTH = 123

/** One connection, and who its client is. */
export class SessionLink {
  readonly connection: DrivenConnection
  readonly #parts: SessionLinkParts
  #refresh: Refresh = { name: 'idle' }
  #cancelExpiry: Release = () => {}

  constructor(parts: SessionLinkParts) {
    this.connection = parts.connection
    this.#parts = parts
  }

  /** Finds out who the client is; at once when nobody asks. `undefined`: the connection is gone. */
  identify(auth: unknown, purpose: AuthenticationAttempt['purpose']): Verdict | Promise<Verdict | undefined> {
    return this.#parts.options.authenticate === undefined ? { principal: null } : this.#ask(auth, purpose)
  }

  /**
   * As `identify`, for credentials that replace others: one question at a time, and of those that come meanwhile only the
   * newest. `undefined`: newer ones are asked about.
   */
  async refresh(auth: unknown): Promise<Verdict | undefined> {
    if (this.#refresh.name === 'asking') {
      this.#refresh = { name: 'asking', newer: { auth } }
      return undefined
    }
    this.#refresh = { name: 'asking', newer: undefined }
    const verdict = await this.identify(auth, 'refresh')
    const newer = this.#endRefresh()
    const isIn = verdict !== undefined && !('kind' in verdict)
    return isIn && newer !== undefined ? this.refresh(newer.auth) : verdict
  }

  /** Runs `expired` when the credentials have run out; `undefined`: never. */
  expireIn(expiresMs: number | undefined, expired: () => void): void {
    this.#cancelExpiry()
    if (expiresMs !== undefined) this.#cancelExpiry = this.#parts.scope.timeout(expiresMs, expired)
  }

  /** Runs `work` after a while, unless the connection is gone by then. */
  after(delayMs: number, work: () => void): void {
    this.#parts.scope.timeout(delayMs, work)
  }

  /** Starts the close handshake; whatever was under way for this connection is dropped. */
  close(cause: CloseCause, code: number, reason: string): void {
    this.connection.end(cause, code, reason.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, MAX_REASON_LENGTH))
    this.end()
  }

  /** Drops whatever is under way for this connection. */
  end(): void {
    this.#parts.scope.end()
  }

  #endRefresh(): { readonly auth: unknown } | undefined {
    const newer = this.#refresh.name === 'asking' ? this.#refresh.newer : undefined
    this.#refresh = { name: 'idle' }
    return newer
  }

  async #ask(auth: unknown, purpose: AuthenticationAttempt['purpose']): Promise<Verdict | undefined> {
    const { options, scope, retryMs, report, connection } = this.#parts
    const { authenticate, authenticateTimeoutMs } = options
    if (authenticate === undefined) return undefined
    const attempt = { auth, request: connection.request, purpose }
    try {
      const verdict = await askAuthenticate(authenticate, attempt, {
        life: scope,
        timeoutMs: authenticateTimeoutMs,
      })
      return scope.ended ? undefined : verdict
    } catch (error) {
      if (scope.ended) return undefined
      report(error)
      return { kind: 'rejected', code: 4500, retryMs, message: 'the client could not be identified' }
    }
  }
}
