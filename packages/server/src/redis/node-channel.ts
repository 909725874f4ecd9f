import type { Scope } from '@holdfast/lifetime'
import type { RedisClient } from './redis-client.ts'

/** What a server does about what others tell it. */
export interface ChannelHost {
  /** Ends with the server. */
  readonly scope: Scope
  readonly wake: (sid?: string) => void
  readonly release: (sid: string, gen: number, node: string) => void
}

/** The one channel on which a server hears of its sessions: that others posted for them, want them, or have let go of them. */
export class NodeChannel {
  /** What the channels of all servers begin with; the server's name follows. */
  readonly prefix: string
  readonly #name: string
  readonly #waiting = new Map<string, Set<() => void>>()
  #scope: Scope | undefined

  constructor(prefix: string, node: string) {
    this.prefix = prefix
    this.#name = `${prefix}${node}`
  }

  /** Listens with a client of its own. What is said while it is not connected is lost, so on its return all is looked after. */
  async listen(client: RedisClient, host: ChannelHost): Promise<void> {
    const { scope } = host
    this.#scope = scope
    // It tries again by itself, and the other client, which is the application's, tells of the same trouble.
    client.on('error', () => {})
    client.on('ready', () => host.wake())
    scope.defer(() => {
      if (client.isOpen) client.destroy()
    })
    try {
      await client.connect()
      await client.subscribe(this.#name, (message) => this.#heard(message, host))
    } catch (error) {
      if (!scope.ended) throw error
    }
  }

  #heard(message: string, { wake, release }: ChannelHost): void {
    const [word, ...rest] = message.split(' ')
    const sid = rest.at(-1) ?? ''
    if (word === 'touch') wake(sid)
    else if (word === 'release') release(sid, Number(rest[0]), rest[1] ?? '')
    else for (const resolve of this.#waiting.get(sid) ?? []) resolve()
  }

  /** Resolves when a session was let go of, or after a while. */
  async released(sid: string, withinMs: number): Promise<void> {
    const waiting = this.#waiting.get(sid) ?? new Set()
    this.#waiting.set(sid, waiting)
    await new Promise<void>((resolve) => {
      const cancel = this.#scope?.timeout(withinMs, resolve)
      waiting.add(() => {
        cancel?.()
        resolve()
      })
      if (cancel === undefined) resolve()
    })
    this.#waiting.delete(sid)
  }
}
