import { Emitter, type ListenOptions, type Release, Scope, surface } from '@holdfast/lifetime'
import type { Receipt } from '@holdfast/mailbox'
import { assertOneOf, fill } from '../bounds.ts'
import type { SendOptions } from '../queue.ts'
import type { Session } from '../session.ts'
import type { Codec } from './codec.ts'
import type { CodedError, CodedEvents, CodedSession, CodedSettings } from './coded-session.ts'
import { WayIn } from './way-in.ts'
import { type Failed, WayOut } from './way-out.ts'

/** Stands for "as the session says": what is not given is left out of what it gets. */
const sendPreset: Required<SendOptions> = { ttlMs: Infinity, key: '', whenOffline: 'queue' }

/** The view that `coded` makes. */
export class LiveCodedSession<Out, In> implements CodedSession<Out, In> {
  readonly session: Session
  readonly #scope: Scope
  readonly #emitter: Emitter<CodedEvents<In>>
  readonly #out: WayOut<Out>
  readonly #in: WayIn<In>
  declare [Symbol.dispose]: () => void

  constructor(session: Session, codec: Codec<Out, In>, { clock, ...bounds }: CodedSettings) {
    this.session = session
    this.#scope = new Scope(clock)
    this.#emitter = new Emitter<CodedEvents<In>>(this.#scope, (error, type) => {
      // An error of who listens for errors must not come back to it.
      if (type === 'error') surface(error)
      else this.#report({ phase: 'handler', error, input: undefined })
    })
    const failed: Failed = (error, input) => this.#report({ phase: error.phase, error, input })
    this.#out = new WayOut(session, codec, this.#scope.child(), bounds.maxPending, failed)
    this.#in = new WayIn(codec, this.#scope, this.#emitter, bounds, failed)
    this.#scope.defer(session.on('message', (message) => this.#in.receive(message)))
    // What arrived before the end is still passed on.
    this.#scope.defer(session.on('closed', () => this.#in.after(() => this.dispose())))
    if (session.state.name === 'closed') this.dispose()
  }

  send(value: Out, options?: SendOptions): Receipt {
    if (options) {
      const how = fill('send', options, sendPreset)
      assertOneOf('send.whenOffline', how.whenOffline, ['queue', 'drop'])
    }
    return this.#out.send(value, options)
  }

  on<Type extends keyof CodedEvents<In>>(
    type: Type,
    handler: (event: CodedEvents<In>[Type]) => unknown,
    options?: ListenOptions,
  ): Release {
    return this.#emitter.on(type, handler, options)
  }

  once<Type extends keyof CodedEvents<In>>(
    type: Type,
    handler: (event: CodedEvents<In>[Type]) => unknown,
    options?: ListenOptions,
  ): Release {
    return this.#emitter.once(type, handler, options)
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<In> {
    return this.#in.iterate()
  }

  async flushed(): Promise<void> {
    await this.#out.flush()
    await this.session.flushed()
  }

  cancel(receipt: Receipt): boolean {
    return this.#out.cancel(receipt)
  }

  dispose(): void {
    this.#scope.end()
  }

  #report(error: CodedError): void {
    if (this.#emitter.has('error')) void this.#emitter.emit('error', error)
    else if (error.phase === 'handler') surface(error.error)
  }
}

const { prototype } = LiveCodedSession
prototype[Symbol.dispose ?? 'dispose'] = prototype.dispose
