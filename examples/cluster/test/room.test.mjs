import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient } from 'redis'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { redisExecutable } from '../../../scripts/setup/redis.mjs'
import { redisIn } from '../cluster/redis.mjs'
import { openRoom } from '../node/room.mjs'
import { followRoom } from '../node/tail.mjs'

const folder = mkdtempSync(join(tmpdir(), 'holdfast-room-'))
const redis = redisIn(folder, redisExecutable(), () => {})
const client = createClient({ socket: { path: redis.socket, tls: false } }).on('error', () => {})

beforeAll(async () => {
  await redis.part.start()
  await client.connect()
})
afterAll(async () => {
  client.destroy()
  await redis.part.end(3_000)
  rmSync(folder, { recursive: true })
})

it('numbers lines from 1 on, and takes one that comes in again only once', async () => {
  const room = await openRoom(client, 'numbers')
  const append = (session, received, text) => room.append(session, received, { text })
  expect(await append('ada', 1, 'one')).toBe(1)
  expect(await append('ada', 3, 'two')).toBe(2)
  expect(await append('ada', 3, 'two')).toBe(0)
  expect(await append('ada', 1, 'one')).toBe(0)
  expect(await append('bob', 1, 'three')).toBe(3)
  const three = [1, 2, 3].map((n) => ({ n, text: ['one', 'two', 'three'][n - 1] }))
  expect(await room.read(0)).toEqual(three)
  expect(await room.read(1, 2)).toEqual([three[1]])
  expect(await room.last()).toBe(3)
})

it('is the same room for whoever opens it, and another one under another name', async () => {
  const rooms = await Promise.all(['same', 'same', 'other'].map((name) => openRoom(client, name)))
  expect(rooms[0].id).toBe(rooms[1].id)
  expect(rooms[2].id).not.toBe(rooms[0].id)
})

it('gives each new line out once, in order, however often somebody looks', async () => {
  const room = await openRoom(client, 'tail')
  await room.append('ada', 1, { text: 'before' })
  const heard = []
  const tail = await followRoom(room, ({ n }) => heard.push(n))
  const looks = []
  for (let received = 2; received <= 50; received += 1) {
    looks.push(room.append('ada', received, { text: 'x' }), tail.advance(), tail.advance())
  }
  await Promise.all(looks)
  await tail.advance()
  expect(heard).toEqual(Array.from({ length: 49 }, (_, index) => index + 2))
  expect(tail.cursor).toBe(50)
})

it('looks once more when it is told of news while it looks', async () => {
  const answers = [[], [{ n: 1 }]]
  const heard = []
  const tail = await followRoom({ last: async () => 0, read: async () => answers.shift() ?? [] }, ({ n }) =>
    heard.push(n),
  )
  const looked = tail.advance()
  await tail.advance()
  await looked
  expect(heard).toEqual([1])
})

it('forgets sessions and nothing else', async () => {
  await Promise.all(['hf:{1}:s', 'hf:{1}:o', 'hf:{2}:s', 'hf:epoch'].map((key) => client.set(key, 'x')))
  expect(await redis.forget()).toBe(2)
  expect(await client.exists(['hf:{1}:s', 'hf:{1}:o', 'hf:{2}:s'])).toBe(0)
  expect(await client.exists('hf:epoch')).toBe(1)
})
