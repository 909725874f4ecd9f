import type { RedisClient } from '../src/redis/index.ts'

interface ScriptRunner {
  evalSha(sha: string, options: object): Promise<unknown>
  eval(source: string, options: object): Promise<unknown>
}

/** A client of Redis with which every command takes a while longer, and which counts those that are under way. */
export class SlowRedisClient implements RedisClient {
  readonly #client: RedisClient
  /** How much longer a command takes. */
  delayMs: number
  underWay = 0
  commands = 0

  constructor(client: RedisClient, delayMs: number) {
    this.#client = client
    this.delayMs = delayMs
  }

  get isOpen(): boolean {
    return this.#client.isOpen
  }

  connect(): Promise<unknown> {
    return this.#client.connect()
  }

  duplicate(): RedisClient {
    return this.#client.duplicate()
  }

  destroy(): void {
    this.#client.destroy()
  }

  on(event: string, listener: () => void): unknown {
    return this.#client.on(event, listener)
  }

  off(event: string, listener: () => void): unknown {
    return this.#client.off(event, listener)
  }

  subscribe(channel: string, listener: (message: string) => void): Promise<unknown> {
    return this.#client.subscribe(channel, listener)
  }

  withTypeMapping(mapping: Record<number, unknown>): unknown {
    const runner = this.#client.withTypeMapping(mapping) as ScriptRunner
    return {
      evalSha: (...given: [string, object]) => this.#slowly(() => runner.evalSha(...given)),
      eval: (...given: [string, object]) => this.#slowly(() => runner.eval(...given)),
    } satisfies ScriptRunner
  }

  async #slowly(command: () => Promise<unknown>): Promise<unknown> {
    this.underWay += 1
    this.commands += 1
    try {
      const answer = await command()
      await new Promise((resolve) => setTimeout(resolve, this.delayMs))
      return answer
    } finally {
      this.underWay -= 1
    }
  }
}
