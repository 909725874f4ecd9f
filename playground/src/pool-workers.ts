import type { Session } from 'holdfast'
import type { Lease, SessionPool } from 'holdfast/pool'
import { rest } from './lab.ts'

/** People who need a session now and then: each leases one, asks something, thinks, and gives it back. */
export class PoolWorkers {
  readonly #pool: SessionPool
  readonly #stops: AbortController[] = []
  /** Who has which session. */
  readonly busy = new Map<Session, { readonly worker: number; readonly lease: Lease }>()

  constructor(pool: SessionPool) {
    this.#pool = pool
  }

  /** Lets so many work: others come, or those who came last go. */
  set count(wanted: number) {
    while (this.#stops.length > wanted) this.#stops.pop()?.abort()
    while (this.#stops.length < wanted) {
      const stop = new AbortController()
      this.#stops.push(stop)
      void this.#work(this.#stops.length, stop.signal)
    }
  }

  async #work(worker: number, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const lease = await this.#pool.lease({ timeoutMs: 4_000, signal }).catch(() => undefined)
      if (lease === undefined) {
        await rest(300, signal)
        continue
      }
      this.busy.set(lease.session, { worker, lease })
      await this.#ask(lease, worker, signal)
      this.busy.delete(lease.session)
      lease.release()
      await rest(100 + Math.random() * 500, signal)
    }
  }

  /** Sends a message and waits for its echo, but not for ever: plain mode does not send it again. */
  async #ask({ session, signal: leased }: Lease, worker: number, signal: AbortSignal): Promise<void> {
    const over = new AbortController()
    leased.addEventListener('abort', () => over.abort(), { signal: over.signal })
    signal.addEventListener('abort', () => over.abort(), { signal: over.signal })
    session.once('message', () => setTimeout(() => over.abort(), 200 + Math.random() * 600), {
      signal: over.signal,
    })
    session.send(`worker ${worker}`)
    await rest(2_000, over.signal)
    over.abort()
  }
}
