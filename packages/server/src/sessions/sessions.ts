import { subprotocol } from '@holdfast/protocol'
import { integer, text } from '../option-checks.ts'
import type { OpenSessions, SessionHost, SessionService } from '../session-service.ts'
import type { SessionStats } from '../session-stats.ts'
import type { CloseSessionOptions, ServerSession } from './server-session.ts'
import { SessionEngine } from './session-engine.ts'
import type { SessionOverview } from './session-overview.ts'
import {
  type ResolvedSessionsOptions,
  resolveSessionsOptions,
  type SessionsOptions,
} from './sessions-options.ts'

/**
 * Makes resumable sessions for the option `sessions` of one server.
 * @throws TypeError or RangeError naming the option, its bound and the value received
 */
export function sessions(options: SessionsOptions = {}): Sessions {
  return new Sessions(resolveSessionsOptions(options))
}

/** The resumable sessions of one server. Make them with `sessions`. */
export class Sessions implements SessionService, Iterable<ServerSession> {
  readonly protocol: string = subprotocol
  readonly #options: ResolvedSessionsOptions
  #engine: SessionEngine | undefined

  constructor(options: ResolvedSessionsOptions) {
    this.#options = options
  }

  /** What happened so far, and how many there are: a copy. `undefined` before `createServer` got them. */
  get stats(): SessionStats | undefined {
    return this.#engine?.stats()
  }

  /** Iterates over the sessions that live now, attached or not, oldest first. */
  [Symbol.iterator](): IterableIterator<ServerSession> {
    return this.#engine === undefined ? [].values() : this.#engine.book.sessions()
  }

  /** Tells where every session stands, also those whose client has not confirmed them: a copy. */
  overview(): readonly SessionOverview[] {
    return this.#engine?.overview() ?? []
  }

  /**
   * Ends every session of a principal, as `close` of each does: for a user who signed out or was banned.
   * @returns how many there were
   * @throws TypeError or RangeError for a principal that is no text or empty, or a code that is not 4000 to 4999
   */
  endSessions(principal: string, { code = 4000, reason = '' }: CloseSessionOptions = {}): number {
    text('principal', principal)
    integer('code', code, { min: 4000, max: 4999 })
    return this.#engine?.endAllOf(principal, code, reason) ?? 0
  }

  /** Begins to work for a server: `createServer` calls it. */
  open(host: SessionHost): OpenSessions {
    if (this.#engine !== undefined) throw new TypeError('sessions: these work for another server already')
    this.#engine = new SessionEngine(this.#options, host)
    return this.#engine
  }
}
