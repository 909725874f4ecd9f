import { redisStore, type RedisStoreOptions } from '../src/redis/index.ts'
import type { ServerOptions } from '../src/index.ts'
import type { SessionsOptions } from '../src/sessions/index.ts'
import type { RedisProcess } from './redis-process.ts'
import { sessionServer } from './sessions-running.ts'
import type { SessionClient } from './session-client.ts'

/** What a node of a test may be told. */
export interface NodeOptions extends Omit<SessionsOptions, 'store'> {
  readonly redis?: Partial<RedisStoreOptions>
  readonly server?: ServerOptions
}

/** A server of a fleet that shares a Redis. */
export async function node(redis: RedisProcess, { redis: own, server, ...options }: NodeOptions = {}) {
  const store = redisStore({ client: await redis.client(), leaseMs: 2_000, handOverMs: 20_000, ...own })
  return { store, ...(await sessionServer({ ...options, store }, server)) }
}

/** Sends a client to another server with its next connection, and waits until it is welcomed there. */
export async function move(client: SessionClient, to: { readonly url: string }, auth?: unknown) {
  await client.cut()
  client.url = to.url
  return client.connect(auth)
}
