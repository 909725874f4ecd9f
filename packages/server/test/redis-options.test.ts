import { expect, test } from 'vitest'
import { type RedisClient, redisStore } from '../src/redis/index.ts'
import { sessions } from '../src/sessions/index.ts'
import { createServer } from '../src/index.ts'
import { createClient, createCluster } from 'redis'

const client = createClient()

test.each([
  [undefined, 'options: must be an object, received undefined'],
  [{}, 'client: must be a client of the package redis, version 5 or newer, received undefined'],
  [{ client: 7 }, 'client: must be a client of the package redis, version 5 or newer, received 7'],
  [{ client, prefx: 'a' }, 'options: prefx is unknown; known are client, prefix, durable, leaseMs'],
  [{ client, prefix: '{a}' }, "prefix: must be 1 to 64 characters without braces and spaces, received '{a}'"],
  [{ client, durable: 'yes' }, "durable: must be true or false, received 'yes'"],
  [{ client, leaseMs: 10 }, 'leaseMs: must be an integer from 1000 to 3600000, received 10'],
  [{ client, handOverMs: -1 }, 'handOverMs: must be an integer from 0 to 60000, received -1'],
  [{ client, tombstoneMs: 0 }, 'tombstoneMs: must be an integer from 1000 to 604800000, received 0'],
])('redisStore(%j) says what is wrong', (options, message) => {
  expect(() => redisStore(options as never)).toThrow(message)
})

test('clients and clusters of the package are what the store takes', () => {
  const taken: RedisClient[] = [
    createClient(),
    createCluster({ rootNodes: [{ url: 'redis://127.0.0.1:1' }] }),
  ]
  for (const each of taken) expect(redisStore({ client: each }).reportMs).toBe(10_000)
})

test('a store works for one server only', () => {
  // It never gets to connect: the address is none.
  const lonely = {
    isOpen: false,
    on: () => {},
    off: () => {},
    connect: () => new Promise(() => {}),
  }
  const store = redisStore({
    client: { ...lonely, duplicate: () => store, withTypeMapping: () => ({}) } as never,
  })
  const server = createServer({ sessions: sessions({ store }) })
  expect(() => createServer({ sessions: sessions({ store }) })).toThrow(
    'store: it works for another server already',
  )
  return server.stop()
})
