import { type Span, SpanKind, trace } from '@opentelemetry/api'
import type { Session, SessionEvents, State, StateChange } from 'holdfast'
import { type Carrier, carrierOf } from './carrier.ts'
import { endSpan, type Outcome, outcomeOf } from './outcome.ts'
import type { Settings } from './tracing-options.ts'

/** The spans of one session, made of its events alone. At most three are open at a time, and none after the session's end. */
export class SessionSpans {
  readonly #settings: Settings
  readonly #undo: (() => void)[]
  #attempt: Span | undefined
  #hello: Span | undefined
  /** Open while a session that had a connection seeks another. */
  #resume: Span | undefined
  #life: 'new' | 'used' | 'over'

  /** @param state where the session is; `undefined` while it is being made */
  constructor(session: Pick<Session, 'on'>, state: State | undefined, settings: Settings) {
    this.#settings = settings
    this.#life = state?.name === 'open' ? 'used' : 'new'
    this.#undo = [
      session.on('state', (change) => this.#moved(change)),
      session.on('gap', (gap) => this.#gap(gap)),
      session.on('closed', () => this.dispose()),
    ]
    if (state?.name === 'connecting') this.#begin(state)
    if (state?.name === 'closed') this.dispose()
  }

  /** The context of the attempt that is under way, as text; empty when there is none. */
  carrier(): Carrier {
    const span = this.#attempt
    return span === undefined ? {} : carrierOf(trace.setSpan(this.#settings.context, span))
  }

  /** The first exchange of the attempt that is under way begins. */
  greets(): void {
    if (this.#attempt === undefined) return
    this.#hello ??= this.#start('hello', trace.setSpan(this.#settings.context, this.#attempt))
  }

  /** Ends what is open and lets go of the session. Idempotent. */
  dispose(): void {
    this.#life = 'over'
    for (const undo of this.#undo.splice(0)) undo()
    const outcome = { word: 'disposed', failed: false }
    this.#endAttempt(outcome)
    this.#endResume(outcome)
  }

  #moved({ state, previous }: StateChange): void {
    if (this.#life === 'over') return
    const ended = previous.name === 'connecting' && state.name !== 'connecting'
    if (ended) this.#endAttempt(outcomeIn(state))
    const seeking = state.name === 'waiting' || state.name === 'connecting'
    if (seeking && this.#life === 'used') this.#resume ??= this.#start('resume', this.#settings.context)
    if (!seeking) this.#endResume(outcomeIn(state))
    if (state.name === 'connecting') this.#begin(state)
    if (state.name === 'open') this.#life = 'used'
  }

  #begin({ attempt, phase }: Extract<State, { name: 'connecting' }>): void {
    const { context } = this.#settings
    const parent = this.#resume === undefined ? context : trace.setSpan(context, this.#resume)
    this.#attempt ??= this.#start('attempt', parent, { 'holdfast.attempt': attempt })
    this.#attempt.addEvent(phase)
    if (phase === 'hello') this.greets()
  }

  #gap({ reason, handBack }: SessionEvents['gap']): void {
    this.#resume?.setAttributes({
      'holdfast.gap': reason,
      'holdfast.undelivered': handBack.undelivered.length,
      'holdfast.uncertain': handBack.uncertain.length,
    })
  }

  #start(name: string, parent: Settings['context'], more: Settings['attributes'] = {}): Span {
    const { tracer, attributes } = this.#settings
    const options = { kind: SpanKind.CLIENT, attributes: { ...attributes, ...more } }
    return tracer.startSpan(`holdfast.${name}`, options, parent)
  }

  #endAttempt(outcome: Outcome): void {
    if (this.#hello !== undefined) endSpan(this.#hello, outcome)
    if (this.#attempt !== undefined) endSpan(this.#attempt, outcome)
    this.#hello = undefined
    this.#attempt = undefined
  }

  #endResume(outcome: Outcome): void {
    if (this.#resume !== undefined) endSpan(this.#resume, outcome)
    this.#resume = undefined
  }
}

/** What a state says of the attempt, or of the search, that led to it. */
function outcomeIn(state: State): Outcome {
  if (state.name === 'open') return { word: words[String(state.resumed)] ?? 'open', failed: false }
  return 'cause' in state ? outcomeOf(state.cause) : { word: state.name, failed: false }
}

/** By `Open.resumed`. A new connection without the old session is no failure in plain mode, where there is none to go on with. */
const words: Readonly<Record<string, string>> = { first: 'opened', true: 'resumed', false: 'opened-anew' }
