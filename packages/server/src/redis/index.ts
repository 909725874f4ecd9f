// For those whose servers share their sessions through Redis.
export { redisStore, type Posted, type RedisStore } from './redis-store.ts'
export type { RedisStoreOptions } from './redis-options.ts'
export type { RedisClient } from './redis-client.ts'
