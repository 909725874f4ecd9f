import type { Scope } from '@holdfast/lifetime'
import type { ServerCore } from '@holdfast/protocol'
import type { ConnectionDriver } from '../session-service.ts'
import type { DrainWatch } from './drain-watch.ts'
import type { Keeping } from './keeping.ts'
import type { SentMessage } from './sent-message.ts'

/** What a driver works with. */
export interface ConnectionDriverParts {
  readonly core: ServerCore<SentMessage>
  readonly drain: DrainWatch
  readonly keeping: Keeping
  readonly scope: Scope
  /** Carries out what the core asks for. */
  readonly run: () => void
  /** Forgets the connection. */
  readonly forget: () => void
  /** A client left before it showed that it knows of its session. */
  readonly abandon: (sid: string) => void
}

/** Returns what tells the protocol's core of a connection. */
export function connectionDriver(number: number, parts: ConnectionDriverParts): ConnectionDriver {
  const { core, drain, keeping, scope, run, forget, abandon } = parts
  return {
    message: (data, bytes) => {
      if (scope.ended) return
      if (typeof data === 'string') core.text(number, data, bytes)
      else core.binary(number, data)
      run()
    },
    written: () => {
      if (drain.written(number)) run()
    },
    ping: () => {
      const session = core.sessionOf(number)
      // On its way to another server: nothing is said to it that is not kept.
      if (session?.state !== 'attached' && session?.state !== 'unconfirmed') return keeping.has(number)
      session.ping(Math.round(scope.clock.monotonicMs()))
      run()
      return true
    },
    leave: () => {
      const session = core.sessionOf(number)
      if (session?.state !== 'attached') return false
      session.goAway({ afterMs: 0, spreadMs: 0, why: 'lifetime' })
      run()
      return true
    },
    closed: () => {
      const session = core.sessionOf(number)
      forget()
      drain.forget(number)
      core.closed(number)
      if (session?.state === 'unconfirmed') abandon(session.sid)
      keeping.closed(number)
      run()
    },
  }
}
