import { platform } from '@holdfast/lifetime'

/** The part of a readable stream's controller that this code uses. */
export interface ReadableController<T> {
  enqueue(chunk: T): void
  close(): void
  error(reason: unknown): void
}

/** The part of a writable stream's controller that this code uses. */
export interface WritableController {
  error(reason: unknown): void
}

interface ReadableSource<T> {
  start(controller: ReadableController<T>): void
  pull(controller: ReadableController<T>): Promise<void>
  cancel(): Promise<void>
}

interface WritableSink<T> {
  start(controller: WritableController): void
  write(chunk: T, controller: WritableController): Promise<void>
  close(): Promise<void>
  abort(reason: unknown): void
}

interface Strategy {
  readonly highWaterMark: number
}

interface Constructors {
  readonly ReadableStream: new <T>(source: ReadableSource<T>, strategy: Strategy) => ReadableStream<T>
  readonly WritableStream: new <T>(sink: WritableSink<T>, strategy: Strategy) => WritableStream<T>
}

/** Gives the platform's constructors. Asked at the moment of use, so that importing works anywhere. */
export function webStreams(): Constructors {
  return platform as unknown as Constructors
}
