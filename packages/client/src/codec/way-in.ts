import type { Emitter, Scope } from '@holdfast/lifetime'
import type { Incoming } from '../message.ts'
import { attempt } from './attempt.ts'
import type { Codec, ListCodec, MaybePromise } from './codec.ts'
import { CodecError } from './codec-error.ts'
import type { CodedEvents, CodedSettings } from './coded-session.ts'
import { Turns } from './turns.ts'
import { ValueIterator } from './value-iterator.ts'
import type { Failed } from './way-out.ts'

/** The way of values in: decoded, checked, and given to every handler and every iterator, in the order of arrival. */
export class WayIn<In> {
  readonly #codec: Pick<Codec<never, In>, 'decode' | 'decodeAll' | 'check' | 'batch'>
  readonly #scope: Scope
  readonly #emitter: Emitter<CodedEvents<In>>
  readonly #options: Omit<CodedSettings, 'clock'>
  readonly #failed: Failed
  readonly #iterators = new Set<ValueIterator<In>>()
  readonly #turns = new Turns()
  #waitingBytes = 0

  constructor(
    codec: Pick<Codec<never, In>, 'decode' | 'decodeAll' | 'check' | 'batch'>,
    scope: Scope,
    emitter: Emitter<CodedEvents<In>>,
    options: Omit<CodedSettings, 'clock'>,
    failed: Failed,
  ) {
    this.#codec = codec
    this.#scope = scope
    this.#emitter = emitter
    this.#options = options
    this.#failed = failed
    scope.defer(() => {
      for (const iterator of this.#iterators) iterator.end()
    })
  }

  /**
   * Takes a message; one that nobody would get the values of is not even read.
   * @returns a promise when handlers, iterators or the codec are not done with it: for sessions with `ack: 'handled'`
   */
  receive(message: Incoming): Promise<unknown> | undefined {
    if (this.#iterators.size === 0 && !this.#emitter.has('message')) return undefined
    const bytes = typeof message === 'string' ? message.length : message.byteLength
    if (this.#isFull(bytes)) return this.#full(message)
    const users: Promise<unknown>[] = []
    this.#waitingBytes += bytes
    const read = this.#turns.take(() => this.#read(message, users))
    if (read)
      return read.then(() => {
        this.#waitingBytes -= bytes
        return Promise.all(users)
      })
    this.#waitingBytes -= bytes
    return users.length > 0 ? Promise.all(users) : undefined
  }

  /** Runs `run` when everything that arrived has been passed on: now, if it has. */
  after(run: () => void): void {
    void this.#turns.take(run)
  }

  /** Opens an iterator over the values that arrive from now on. */
  iterate(): AsyncIterableIterator<In> {
    const iterator = new ValueIterator<In>(this.#options.maxUnread, () => this.#iterators.delete(iterator))
    if (this.#scope.ended) iterator.end()
    else this.#iterators.add(iterator)
    return iterator
  }

  #read(message: Incoming, users: Promise<unknown>[]): MaybePromise<void> {
    const failed = (error: CodecError) => this.#fail(error, message)
    if (!this.#codec.batch) {
      return attempt('decode', () => this.#codec.decode(message), {
        use: (value) => this.#give(value, users),
        failed,
      })
    }
    return attempt('decode', () => (this.#codec as ListCodec<never, In>).decodeAll(message), {
      use: (values) => this.#giveEach(values.values(), users),
      failed,
    })
  }

  /** Goes on at once from value to value, until one has to be waited for. */
  #giveEach(values: Iterator<In>, users: Promise<unknown>[]): MaybePromise<void> {
    for (let next = values.next(); !next.done; next = values.next()) {
      const given = this.#give(next.value, users)
      if (given) return given.then(() => this.#giveEach(values, users))
    }
  }

  #give(value: In, users: Promise<unknown>[]): MaybePromise<void> {
    const { check } = this.#codec
    if (!check) return this.#deliver(value, users)
    return attempt('schema', () => check.incoming(value) as MaybePromise<In>, {
      use: (checked) => this.#deliver(checked, users),
      failed: (error) => this.#fail(error, value),
    })
  }

  #deliver(value: In, users: Promise<unknown>[]): void {
    if (this.#scope.ended) return
    users.push(...(this.#emitter.emit('message', value) ?? []))
    for (const iterator of this.#iterators) users.push(iterator.push(value))
  }

  #fail(error: CodecError, input: unknown): void {
    if (!this.#scope.ended) this.#failed(error, input)
  }

  #isFull(bytes: number): boolean {
    const { maxPending, maxPendingBytes } = this.#options
    const { waiting } = this.#turns
    // Alone it may be as large as it likes: the session let it in.
    return waiting > 0 && (waiting >= maxPending || this.#waitingBytes + bytes > maxPendingBytes)
  }

  #full(message: Incoming): undefined {
    const { waiting } = this.#turns
    const what = `codec: a message is not read, as ${waiting} messages of ${this.#waitingBytes} bytes wait to be decoded`
    this.#failed(new CodecError('codec-full', 'decode', what), message)
  }
}
