import type { CreateSocket, Plug, Session, Settings as SessionSettings, State } from 'holdfast'
import type { Carrier } from './carrier.ts'
import { SessionSpans } from './session-spans.ts'
import { resolveTracing, type Settings, type TracingOptions } from './tracing-options.ts'

/** The tracing of one session. Make it with `sessionTracing`. */
export class SessionTracing {
  /** For the option `plugs` of `connect`: traces the session from its first attempt on. */
  readonly plug: Plug<SessionSettings>
  readonly #settings: Settings
  #spans: SessionSpans | undefined

  constructor(settings: Settings) {
    this.#settings = settings
    this.plug = ({ session }) => {
      this.#follow(session, undefined)
      return {}
    }
  }

  /**
   * Traces a session that exists already, from now on. In the place of the one it traced before.
   * @returns a function that stops it, as the end of the session does
   */
  watch(session: Session): () => void {
    return this.#follow(session, session.state)
  }

  /**
   * Gives the context of the attempt that is under way, as text: for the option `headers` (Node), or where else your server
   * looks for it, such as `credentials`. Empty between attempts, and when no propagator is registered with OpenTelemetry.
   */
  carrier(): Carrier {
    return this.#spans?.carrier() ?? {}
  }

  /**
   * Makes the option `createSocket` of a session with `resume` from the one you have: HELLO and WELCOME, which are part of the
   * dial otherwise, get their span `holdfast.hello`.
   */
  sockets(createSocket: CreateSocket): CreateSocket {
    return (...target) => {
      const socket = createSocket(...target)
      const spans = this.#spans
      socket.addEventListener('open', () => spans?.greets())
      return socket
    }
  }

  /** Ends the spans that are open and lets go of the session, which goes on. Idempotent. */
  dispose(): void {
    this.#spans?.dispose()
    this.#spans = undefined
  }

  #follow(session: Session, state: State | undefined): () => void {
    this.#spans?.dispose()
    const spans = new SessionSpans(session, state, this.#settings)
    this.#spans = spans
    return () => spans.dispose()
  }
}

/**
 * Makes the tracing of one session: a span `holdfast.attempt` for each attempt, in it `holdfast.hello` for the first exchange, and
 * around the attempts that follow a lost connection `holdfast.resume`. Ends with the session, or by `dispose()`; in both cases no
 * span stays open.
 * @throws TypeError naming what is unknown or of the wrong type
 * @example
 * const tracing = sessionTracing({ attributes: { 'server.address': 'chat.example' } })
 * const session = connect('wss://chat.example/live', { plugs: [tracing.plug], headers: () => tracing.carrier() })
 */
export function sessionTracing(options: TracingOptions = {}): SessionTracing {
  return new SessionTracing(resolveTracing(options))
}
