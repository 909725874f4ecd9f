import { expect, test } from 'vitest'
import { profileRoute } from '../src/profile/index.ts'
import { isLocalRequest } from '../src/profile/is-local-request.ts'
import { ask, running, tcp } from './running.ts'

const withProfile = () => running({ routes: [profileRoute({ maxSeconds: 30 })] })
const post = { method: 'POST' }

test('a profile of the processor and one of the heap are recorded on demand', async () => {
  const { url } = await withProfile()
  const cpu = await ask(`${url}profile/cpu?seconds=1`, post)
  expect(cpu).toMatchObject({ status: 200, headers: { 'cache-control': 'no-store' } })
  expect(cpu.headers['content-disposition']).toContain('.cpuprofile')
  expect(JSON.parse(cpu.body)).toMatchObject({ nodes: expect.any(Array), startTime: expect.any(Number) })
  const heap = await ask(`${url}profile/heap?seconds=1`, post)
  expect(JSON.parse(heap.body)).toMatchObject({ head: expect.any(Object) })
})

test('one is recorded at a time, and ends with its request', async () => {
  const { url, port } = await withProfile()
  const { socket } = await tcp(port)
  socket.write(
    `POST /profile/cpu?seconds=30 HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Length: 0\r\n\r\n`,
  )
  const status = async () => (await ask(`${url}profile/heap?seconds=1`, post)).status
  let seen = await status()
  while (seen !== 409) seen = await status()
  socket.destroy()
  while (seen !== 200) seen = await status()
  expect(seen).toBe(200)
})

test('a recording does not hold up stop', async () => {
  const { server, port } = await withProfile()
  const { socket, ended } = await tcp(port)
  socket.write(
    `POST /profile/cpu?seconds=30 HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Length: 0\r\n\r\n`,
  )
  await ask(`http://127.0.0.1:${port}/healthz`)
  await server.stop()
  await ended
})

test.each([
  ['seconds=0', 400],
  ['seconds=31', 400],
  ['seconds=x', 400],
  ['seconds=1e9', 400],
])('?%s is refused', async (query, status) => {
  const { url } = await withProfile()
  expect(await ask(`${url}profile/cpu?${query}`, post)).toMatchObject({ status })
})

test('other methods and other paths are none of its business', async () => {
  const { url } = await withProfile()
  expect(await ask(`${url}profile/cpu`)).toMatchObject({ status: 405, headers: { allow: 'POST' } })
  expect(await ask(`${url}profile/all`, post)).toMatchObject({ status: 426 })
})

test('pages, proxies and names that were rebound are refused', async () => {
  const { url } = await withProfile()
  for (const headers of [
    { Origin: url.slice(0, -1).replace('ws', 'http') },
    { Host: 'evil.example' },
    { Host: '127.0.0.1.evil.example' },
    { Forwarded: 'for=192.0.2.1' },
    { 'X-Forwarded-For': '127.0.0.1' },
    { Via: '1.1 proxy' },
  ]) {
    expect(await ask(`${url}profile/cpu?seconds=1`, { ...post, headers })).toMatchObject({ status: 403 })
  }
})

test.each([
  ['127.0.0.1', '127.0.0.1:80', true],
  ['127.8.9.1', 'localhost', true],
  ['::1', '[::1]:8787', true],
  ['::ffff:127.0.0.1', 'localhost:1', true],
  ['192.0.2.1', 'localhost', false],
  ['::ffff:192.0.2.1', 'localhost', false],
  ['127.0.0.1.evil', 'localhost', false],
  ['127.0.0.1', 'localhost.evil.example', false],
  ['127.0.0.1', undefined, false],
  [undefined, 'localhost', false],
])('a request from %s to %s is local: %s', (remoteAddress, host, local) => {
  expect(isLocalRequest({ socket: { remoteAddress } as never, headers: { host } })).toBe(local)
})

test('a bad limit is refused', () => {
  expect(() => profileRoute({ maxSeconds: 601 })).toThrow(
    'profile.maxSeconds: must be an integer from 1 to 600',
  )
  expect(() => profileRoute({ seconds: 1 } as never)).toThrow('seconds is unknown')
})
