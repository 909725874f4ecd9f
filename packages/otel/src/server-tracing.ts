import { type Span, SpanKind } from '@opentelemetry/api'
import type { ConnectionRequest, HoldfastServer } from '@holdfast/server'
import type { ServerSession, SessionState } from '@holdfast/server/sessions'
import type { CarriedOptions } from './carrier.ts'
import { ConnectionSpans } from './connection-spans.ts'
import { endSpan } from './outcome.ts'
import { resolveTracing, type Settings, type TracingOptions } from './tracing-options.ts'

/** How a server is traced. */
export interface ServerTracingOptions extends TracingOptions, CarriedOptions<ConnectionRequest> {}

/** The tracing of one server. Make it with `serverTracing`. */
export class ServerTracing {
  readonly #settings: Settings
  readonly #connections: ConnectionSpans
  /** What stops the tracing of the server, and of each session. */
  readonly #stops = new Set<() => void>()

  constructor(settings: Settings, carried: CarriedOptions<ConnectionRequest>) {
    this.#settings = settings
    this.#connections = new ConnectionSpans(settings, carried)
  }

  /** Traces the connections of a server, until it has stopped. @returns a function that stops it earlier */
  watch(server: Pick<HoldfastServer, 'on'>): () => void {
    const spans = this.#connections
    return this.#until([
      server.on('refused', (refused) => spans.refused(refused)),
      server.on('connection', (connection) => spans.opened(connection)),
      server.on('closed', ({ connection, ...closed }) => spans.closed(connection, closed)),
      server.on('state', ({ state }) => {
        if (state.name === 'stopped') this.dispose()
      }),
    ])
  }

  /**
   * Traces a session, until it ends: call it in the handler of `sessions`, before the first `await`. Without it, the spans of
   * connections end with the connections. @returns a function that stops it earlier
   */
  session(session: Pick<ServerSession, 'id' | 'state' | 'on'>): () => void {
    let away: Span | undefined
    const endAway = (word: string, failed: boolean) => {
      if (away !== undefined) endSpan(away, { word, failed })
      away = undefined
    }
    const moved = (state: SessionState, word: 'opened' | 'resumed') => {
      if (state.name === 'attached') this.#connections.attached(state.connection, word)
      if (state.name === 'detached') away ??= this.#start(session.id)
      else endAway(state.name === 'attached' ? 'resumed' : state.name, state.name === 'ended')
    }
    const stop = this.#until([
      session.on('state', ({ state }) => moved(state, 'resumed')),
      session.on('closed', () => stop()),
      () => endAway('disposed', false),
    ])
    moved(session.state, 'opened')
    if (session.state.name === 'ended') stop()
    return stop
  }

  /** Ends the spans that are open, and lets go of the server and of all sessions. Idempotent. */
  dispose(): void {
    for (const stop of this.#stops) stop()
    this.#connections.dispose()
  }

  #until(undo: (() => void)[]): () => void {
    const stop = () => {
      this.#stops.delete(stop)
      for (const one of undo.splice(0)) one()
    }
    this.#stops.add(stop)
    return stop
  }

  #start(session: string): Span {
    const { tracer, context, attributes } = this.#settings
    const more = { 'holdfast.session': session }
    return tracer.startSpan(
      'holdfast.resume',
      { kind: SpanKind.SERVER, attributes: { ...attributes, ...more } },
      context,
    )
  }
}

/**
 * Makes the tracing of one server: a span `holdfast.attempt` for each connection, from the upgrade to its session, in it
 * `holdfast.hello`; one without length for each upgrade that was refused; and `holdfast.resume` for each time that a session
 * waits for its client. Ends when the server has stopped, or by `dispose()`; in both cases no span stays open.
 * @throws TypeError naming what is unknown or of the wrong type
 * @example
 * const tracing = serverTracing({ from: ({ headers }) => headers })
 * const live = sessions({ handler: (session) => void tracing.session(session) })
 * const server = createServer({ sessions: live })
 * tracing.watch(server)
 */
export function serverTracing({ from, as, ...options }: ServerTracingOptions = {}): ServerTracing {
  return new ServerTracing(resolveTracing(options, ['from', 'as']), { from, as })
}
