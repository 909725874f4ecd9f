import type { Scope } from '@holdfast/lifetime'
import { type AttachRequest, type Attachment, MemoryStore, type StoreWrite } from '@holdfast/protocol'
import type { Keeping } from './keeping.ts'
import type { SentMessage } from './sent-message.ts'
import type { SessionBook } from './session-book.ts'
import type { SessionStore } from './session-store.ts'

/** Tombstones are remembered for one to two of these. */
const TOMBSTONE_MS = 86_400_000

/** What a store of this process is kept with. */
export interface OwnKeepingParts {
  readonly store: SessionStore
  readonly book: SessionBook
  readonly scope: Scope
}

/** A store in this process: it shares what the sessions count in, so there is nothing to wait for. */
export class OwnKeeping implements Keeping {
  readonly handOverMs = 0
  readonly #parts: OwnKeepingParts

  constructor(parts: OwnKeepingParts) {
    this.#parts = parts
    if (parts.store instanceof MemoryStore) this.#sweepDaily(parts.store)
  }

  find(
    _connection: number,
    request: AttachRequest,
    answered: (attachment: Attachment<SentMessage>) => void,
    failed: (error: unknown) => void,
  ): void {
    try {
      answered(this.#parts.store.attach(request))
    } catch (error) {
      failed(error)
    }
  }

  write(write: StoreWrite): void {
    this.#parts.store.write(write)
    if (write.op === 'ended') this.#parts.book.forget(write)
  }

  hold(): boolean {
    return false
  }

  has(): boolean {
    return false
  }

  bufferedBytes(): number {
    return 0
  }

  finish(): undefined {
    return undefined
  }

  leave(): void {}
  touch(): void {}
  flush(): void {}
  moved(): void {}
  closed(): void {}

  #sweepDaily(store: MemoryStore<SentMessage>): void {
    this.#parts.scope.timeout(TOMBSTONE_MS, () => {
      store.sweep()
      this.#sweepDaily(store)
    })
  }
}
