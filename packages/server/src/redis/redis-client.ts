import type { Script } from './scripts.ts'

/** Keys and arguments of a script. */
interface ScriptOptions {
  readonly keys: string[]
  readonly arguments: (string | Buffer)[]
}

interface ScriptRunner {
  evalSha(sha: string, options: ScriptOptions): Promise<unknown>
  eval(source: string, options: ScriptOptions): Promise<unknown>
}

/**
 * What is needed of a client of the package `redis`, version 5 or 6, made with `createClient` or `createCluster`. Give it an `error`
 * listener, as its documentation says.
 */
export interface RedisClient {
  /** Whether it is connected, or about to be. */
  readonly isOpen: boolean
  /** Connects, and from then on by itself. */
  connect(): Promise<unknown>
  /** Makes another one with the same settings. */
  duplicate(): RedisClient
  /** Closes it at once. */
  destroy(): void
  /** Registers a listener. */
  on(event: string, listener: () => void): unknown
  /** Takes a listener away. */
  off(event: string, listener: () => void): unknown
  /** Listens to a channel, also after it had to connect again. */
  subscribe(channel: string, listener: (message: string) => void): Promise<unknown>
  /** Returns the same client with other types for replies. */
  withTypeMapping(mapping: Record<number, unknown>): unknown
}

/** RESP's mark of a bulk string: replies carry messages, which may be binary. */
const BULK_STRING = 36

/** Returns what runs scripts on a client, by their hash, with binary replies. */
export function scriptRunner(
  client: RedisClient,
): (script: Script, keys: string[], args: (string | Buffer)[]) => Promise<unknown> {
  const runner = client.withTypeMapping({ [BULK_STRING]: Buffer }) as ScriptRunner
  return async ({ sha, source }, keys, args) => {
    const options = { keys, arguments: args }
    try {
      return await runner.evalSha(sha, options)
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error
      return runner.eval(source, options)
    }
  }
}
