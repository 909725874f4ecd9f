import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Release, Scope } from '@holdfast/lifetime'
import type { Admission } from './admission-queue.ts'
import { ConnectionCaps } from './connection-caps.ts'
import { type ConnectionRequest, readConnectionRequest } from './connection-request.ts'
import { isServerError } from './errors.ts'
import { onlyRead, requestedRefusal } from './misbehave.ts'
import { type Misbehaviour, readMisbehaviour } from './misbehaviour-query.ts'
import type { ResolvedOptions } from './options.ts'
import { isOriginAllowed } from './origin.ts'
import { settleProtocol } from './protocols.ts'
import { type Refusal, retryAfterOf, writeRefusal } from './refusal.ts'
import type { Refused } from './server-events.ts'
import { checkUpgradeHead } from './upgrade-head.ts'
import { askVerify } from './verify.ts'

/** An upgrade request on its way in. */
export interface Visit {
  readonly message: IncomingMessage
  readonly request: ConnectionRequest
  readonly socket: Duplex
  readonly head: Buffer
  /** Owns the socket and the place under the caps; ends when the socket has closed, until `handOver`. */
  readonly life: Scope
  /** Leaves the end of `life` to whoever took the socket. */
  readonly handOver: Release
  readonly asked: Misbehaviour
}

/** What the gate works with. */
export interface GateParts {
  readonly options: ResolvedOptions
  /** Parent of every visit. */
  readonly scope: Scope
  readonly isReady: () => boolean
  /** Decides whether the next client can be taken in. */
  readonly admit: () => Admission
  /** Tells whether this process uses more memory than it may. */
  readonly isMemoryShort: () => boolean
  readonly report: (error: unknown) => void
  readonly onRefused: (refused: Refused) => void
  readonly onLifeEnded: () => void
  /** Takes a visit that was let in, with the subprotocol settled on. */
  readonly onAdmitted: (visit: Visit, protocol: string) => void
}

/** How long the answer of a refusal may take to leave before the socket is cut: less for one that has been too slow already. */
const LINGER_MS = 1_000
const SLOW_LINGER_MS = 500

/** Decides who comes in: each upgrade request is either admitted or answered with an HTTP status. */
export class Gate {
  readonly #parts: GateParts
  readonly #caps: ConnectionCaps
  /** Ends when no more are let in; what waits for a decision then gets it. */
  readonly #admitting: Scope

  constructor(parts: GateParts) {
    this.#parts = parts
    this.#caps = new ConnectionCaps(parts.options.maxConnections, parts.options.maxConnectionsPerAddress)
    this.#admitting = parts.scope.child()
  }

  /** Takes an upgrade request. */
  open(message: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { life, handOver } = this.#hold(socket)
    const request = readConnectionRequest(message)
    const visit = { message, request, socket, head, life, handOver, asked: {} }
    const refusal = this.#refusalAtOnce(visit)
    if (refusal !== undefined) this.refuse(visit, refusal)
    else this.#decide(visit).catch(this.#parts.report)
  }

  /** Answers an upgrade request for a path that does not exist. */
  stray(message: IncomingMessage, socket: Duplex): void {
    const visit = { request: readConnectionRequest(message), socket, life: this.#hold(socket).life }
    this.refuse(visit, { reason: 'path', status: 404, detail: 'there is nothing at this path' })
  }

  /** Answers what was no readable request. */
  unreadable(socket: Duplex, refusal: Refusal): void {
    this.refuse({ socket, life: this.#hold(socket).life }, refusal)
  }

  /** Answers with a status and ends the connection. */
  refuse(visit: { request?: ConnectionRequest; socket: Duplex; life: Scope }, refusal: Refusal): void {
    const { request, socket, life } = visit
    const lingerMs = refusal.reason === 'slow-request' ? SLOW_LINGER_MS : LINGER_MS
    life.timeout(lingerMs, () => life.end())
    writeRefusal(socket, refusal)
    this.#parts.onRefused({
      reason: refusal.reason,
      status: refusal.status,
      path: request?.path,
      origin: request?.origin,
      remoteAddress: request?.remoteAddress ?? '',
    })
  }

  /** Ends what only waits here: hooks are told to give up, held sockets are cut. */
  close(): void {
    this.#admitting.end()
  }

  /** Keeps a socket that shall not outlive the gate. */
  holdUntilClose(life: Scope): void {
    life.defer(this.#admitting.defer(() => life.end()))
  }

  #hold(socket: Duplex): { life: Scope; handOver: Release } {
    const life = this.#parts.scope.child()
    life.defer(this.#parts.onLifeEnded)
    life.hold('sockets', () => socket.destroy())
    const end = () => life.end()
    socket.once('close', end)
    const handOver = life.defer(() => socket.off('close', end))
    // A socket without a listener for errors would end the process; `close` follows every error.
    socket.on('error', ignoreSocketError)
    return { life, handOver }
  }

  #refusalAtOnce(visit: { -readonly [Name in keyof Visit]: Visit[Name] }): Refusal | undefined {
    const { message, request, life } = visit
    const { origins, allowAbsentOrigin, allowMisbehaviour } = this.#parts.options
    if (!this.#parts.isReady()) return this.#stopping()
    const badHead = checkUpgradeHead(message, request)
    if (badHead !== undefined) return badHead
    const facts = { origin: request.origin, host: request.headers.host, secure: request.secure }
    if (!isOriginAllowed(facts, origins, allowAbsentOrigin)) {
      return { reason: 'origin', status: 403, detail: 'pages of this origin may not connect' }
    }
    if (this.#parts.isMemoryShort()) {
      const retryAfter = retryAfterOf(this.#parts.options.retryAfterMs)
      return { reason: 'memory', status: 503, detail: 'too much memory in use', retryAfter }
    }
    const place = this.#caps.take(request.remoteAddress)
    if (typeof place === 'string') return this.#full(place)
    life.defer(place)
    if (!allowMisbehaviour) return undefined
    try {
      visit.asked = readMisbehaviour(request.url)
      return requestedRefusal(visit.asked)
    } catch (error) {
      return {
        reason: 'bad-misbehaviour',
        status: 400,
        detail: error instanceof Error ? error.message : 'bad query',
      }
    }
  }

  async #decide(visit: Visit): Promise<void> {
    if (visit.asked.answer === 'never') {
      onlyRead(visit.socket)
      return this.holdUntilClose(visit.life)
    }
    const verdict = (await this.#turn(visit)) ?? (await this.#verdict(visit))
    if (visit.life.ended) return undefined
    if (!this.#parts.isReady()) return this.refuse(visit, this.#stopping())
    if ('status' in verdict) return this.refuse(visit, verdict)
    return this.#parts.onAdmitted(visit, verdict.protocol)
  }

  /** Waits until it is the client's turn; those who want sessions have it with their HELLO, where browsers can read why not. */
  async #turn({ request, life }: Visit): Promise<Refusal | undefined> {
    if (this.#wantsSession(request)) return undefined
    const admission = this.#parts.admit()
    if (admission.kind === 'now') return undefined
    if (admission.kind === 'later') {
      const retryAfter = retryAfterOf(admission.retryMs)
      return { reason: 'busy', status: 503, detail: 'too many at once', retryAfter }
    }
    await new Promise<void>((resolve) => {
      const waiting = life.child()
      const forget = this.#admitting.defer(() => waiting.end())
      waiting.defer(() => {
        forget()
        resolve()
      })
      waiting.timeout(admission.waitMs, () => waiting.end())
    })
    return undefined
  }

  #wantsSession({ offeredProtocols }: ConnectionRequest): boolean {
    const { sessions } = this.#parts.options
    return sessions !== undefined && offeredProtocols.includes(sessions.protocol)
  }

  /** Asks the user's functions. A failure of theirs is reported and refuses: it lets nobody in. */
  async #verdict({ request, life }: Visit): Promise<Refusal | { readonly protocol: string }> {
    const { options, report } = this.#parts
    try {
      const protocol = this.#wantsSession(request) ? options.sessions?.protocol : undefined
      const settled = protocol === undefined ? settleProtocol(options.protocols, request) : { protocol }
      if ('status' in settled || options.verify === undefined) return settled
      const asking = { admitting: this.#admitting, life, timeoutMs: options.verifyTimeoutMs }
      return (await askVerify(options.verify, request, asking)) ?? settled
    } catch (error) {
      if (this.#admitting.ended || life.ended) return this.#stopping()
      report(error)
      return this.#failed(error)
    }
  }

  #stopping(): Refusal {
    const retryAfter = retryAfterOf(this.#parts.options.retryAfterMs)
    return { reason: 'stopping', status: 503, detail: 'not accepting connections', retryAfter }
  }

  #full(reason: 'too-many' | 'too-many-per-address'): Refusal {
    const retryAfter = retryAfterOf(this.#parts.options.retryAfterMs)
    const status = reason === 'too-many' ? 503 : 429
    return { reason, status, detail: 'too many connections', retryAfter }
  }

  #failed(error: unknown): Refusal {
    const late = isServerError(error) && error.code === 'verify-timeout'
    const detail = 'the request could not be verified'
    if (!late) return { reason: 'verify-failed', status: 500, detail }
    return {
      reason: 'verify-failed',
      status: 503,
      detail,
      retryAfter: retryAfterOf(this.#parts.options.retryAfterMs),
    }
  }
}

function ignoreSocketError(): void {
  // The end of the socket is what counts, and `close` tells it.
}
