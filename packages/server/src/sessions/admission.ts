import type { AttachRequest, Attachment, ServerCore, SessionRecord } from '@holdfast/protocol'
import type { SessionHost } from '../session-service.ts'
import type { Verdict } from './authenticate.ts'
import type { OldestGoes } from './oldest-goes.ts'
import type { SentMessage } from './sent-message.ts'
import type { ActionOf } from './session-book.ts'
import { hashOf, logNameOf, makeFreshIds } from './session-ids.ts'
import type { SessionLink } from './session-link.ts'
import type { SessionTally } from './session-tally.ts'
import type { ResolvedSessionsOptions } from './sessions-options.ts'

/** What the admission works with. */
export interface AdmissionParts {
  readonly core: ServerCore<SentMessage>
  readonly options: ResolvedSessionsOptions
  readonly host: SessionHost
  readonly tally: SessionTally
  readonly links: ReadonlyMap<number, SessionLink>
  /** Connections that have not said HELLO. */
  readonly awaited: OldestGoes<number>
  /** Carries out what the core asks for. */
  readonly run: () => void
  /** Asks the store, and gives its answer to one of the two, now or later. */
  readonly find: (
    connection: number,
    request: AttachRequest,
    answered: (attachment: Attachment<SentMessage>) => void,
    failed: (error: unknown) => void,
  ) => void
  /** Notes what the store has of a session. */
  readonly keep: (record: SessionRecord<SentMessage>) => void
}

const code = { unauthorized: 4401, rate: 4429, internal: 4500 } as const

/** The way from a HELLO to a session: who the client is, and what the store has for it. */
export class Admission {
  readonly #parts: AdmissionParts

  constructor(parts: AdmissionParts) {
    this.#parts = parts
  }

  /** Finds out who wants in, when it is the client's turn. */
  authenticate(action: ActionOf<'authenticate'>): void {
    const { connection } = action
    const { awaited, links, host, tally, core, run } = this.#parts
    awaited.delete(connection)
    const turn = host.admit()
    if (turn.kind === 'now') this.#identify(action)
    else if (turn.kind === 'wait') links.get(connection)?.after(turn.waitMs, () => this.#identify(action))
    else {
      tally.sentAway()
      core.reject(connection, {
        code: code.rate,
        retryMs: Math.ceil(turn.retryMs),
        message: 'too many at once',
      })
      run()
    }
  }

  #identify({ connection, hello }: ActionOf<'authenticate'>): void {
    const link = this.#parts.links.get(connection)
    if (link === undefined) return
    const { cid, ua, att, tok } = hello
    this.#parts.host.log('debug', 'session-hello', {
      id: link.connection.id,
      client: cid,
      agent: ua,
      attempt: att,
    })
    const answer = (verdict: Verdict | undefined) => {
      if (verdict === undefined) return
      if ('kind' in verdict) this.#parts.core.authenticated(connection, verdict)
      else {
        link.expireIn(verdict.expiresMs, () => this.#expire(connection))
        const presentedHash = tok === null ? null : hashOf(tok)
        this.#parts.core.authenticated(connection, {
          ...verdict,
          kind: 'known',
          presentedHash,
          ...makeFreshIds(),
        })
      }
      this.#parts.run()
    }
    const verdict = link.identify(hello.auth, 'hello')
    if (verdict instanceof Promise) void verdict.then(answer)
    else answer(verdict)
  }

  /** Finds out whether new credentials are good. */
  async reauthenticate({ connection, auth }: ActionOf<'reauthenticate'>): Promise<void> {
    const link = this.#parts.links.get(connection)
    const verdict = await link?.refresh(auth)
    if (link === undefined || verdict === undefined) return
    if (!('kind' in verdict)) link.expireIn(verdict.expiresMs, () => this.#expire(connection))
    this.#parts.core.reauthenticated(connection, verdict)
    this.#parts.run()
  }

  #expire(connection: number): void {
    this.#parts.core.reject(connection, { code: code.unauthorized, message: 'the credentials have expired' })
    this.#parts.run()
  }

  /** Hands a HELLO to the store, and its answer to the core. */
  attach({ connection, request }: ActionOf<'attach'>): void {
    const answered = (attachment: Attachment<SentMessage>) => {
      if ('record' in attachment) this.#parts.keep(attachment.record)
      this.#parts.tally.attached(attachment)
      this.#noticeLoss(connection, request.hello.sid, attachment)
      this.#parts.core.attached(connection, attachment)
    }
    const failed = (error: unknown) => {
      this.#parts.host.report(error)
      const retryMs = this.#parts.host.options.retryAfterMs
      this.#parts.core.reject(connection, { code: code.internal, retryMs, message: 'the store failed' })
    }
    this.#parts.find(connection, request, answered, failed)
  }

  #noticeLoss(connection: number, sid: string | null, attachment: Attachment<SentMessage>): void {
    const reason = attachment.kind === 'created' ? attachment.lost?.reason : undefined
    if (sid === null || reason === undefined) return
    const from = this.#parts.links.get(connection)?.connection.id ?? ''
    const session = logNameOf(sid)
    if (reason !== 'token' && reason !== 'principal') {
      this.#parts.host.log('info', 'session-gap', { session, reason, id: from })
      return
    }
    this.#parts.tally.alarm(reason)
    this.#parts.host.log('warn', 'session-alarm', { session, reason, id: from })
    this.#parts.host.onAlarm({ session, reason, connection: from })
  }
}
