import { type Span, SpanKind, trace } from '@opentelemetry/api'
import type { Connection, ConnectionClosed, ConnectionRequest, Refused } from '@holdfast/server'
import { beginningFrom, type CarriedOptions } from './carrier.ts'
import { endSpan, type Outcome } from './outcome.ts'
import type { Settings } from './tracing-options.ts'

/** What is open for a connection that has no session yet. */
interface Opening {
  readonly attempt: Span
  readonly hello: Span
}

/** The spans of connections on their way to a session; one pair for each connection that lives at most. */
export class ConnectionSpans {
  readonly #settings: Settings
  readonly #carried: CarriedOptions<ConnectionRequest>
  readonly #openings = new Map<string, Opening>()

  constructor(settings: Settings, carried: CarriedOptions<ConnectionRequest>) {
    this.#settings = settings
    this.#carried = carried
  }

  /** An upgrade was refused: a span without length. */
  refused({ reason, status }: Refused): void {
    const { tracer, context, attributes } = this.#settings
    const more = { 'http.response.status_code': status }
    const span = tracer.startSpan(
      'holdfast.attempt',
      { kind: SpanKind.SERVER, attributes: { ...attributes, ...more } },
      context,
    )
    endSpan(span, { word: reason, failed: true })
  }

  /** A connection was accepted. One without sessions has reached its end with that; any other is to say HELLO. */
  opened({ id, protocol, request }: Connection): void {
    const { tracer, attributes } = this.#settings
    const { context, links } = beginningFrom(request, this.#carried, this.#settings.context)
    const options = { kind: SpanKind.SERVER, attributes: { ...attributes, 'holdfast.connection': id } }
    const attempt = tracer.startSpan('holdfast.attempt', { ...options, links }, context)
    if (protocol !== 'holdfast.v1') return endSpan(attempt, { word: 'opened', failed: false })
    const hello = tracer.startSpan('holdfast.hello', options, trace.setSpan(context, attempt))
    this.#openings.set(id, { attempt, hello })
    return undefined
  }

  /** A session goes on, or begins, with this connection. */
  attached(id: string, word: 'opened' | 'resumed'): void {
    this.#end(id, { word, failed: false })
  }

  /** A connection is gone. */
  closed({ id }: Connection, { cause, code }: ConnectionClosed): void {
    this.#end(id, { word: cause, failed: true, attributes: { 'holdfast.close_code': code } })
  }

  /** Ends what is open. */
  dispose(): void {
    for (const id of this.#openings.keys()) this.#end(id, { word: 'disposed', failed: false })
  }

  #end(id: string, outcome: Outcome): void {
    const opening = this.#openings.get(id)
    if (opening === undefined) return
    this.#openings.delete(id)
    endSpan(opening.hello, outcome)
    endSpan(opening.attempt, outcome)
  }
}
